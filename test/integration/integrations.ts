import type { Data, TestOrganization } from '../support/app.ts'

export const fields = `id name status statusMessage config version customAccessDetails connectedResourceTypes lastSyncAt createdAt updatedAt category
  type { type } connector { id name } organization { id }
  secretStore { __typename ... on AwsSecretStore { region awsId: secretId } ... on GcpSecretStore { project gcpId: secretId }
    ... on KubernetesSecretStore { namespace kubernetesName: name } ... on AzureSecretStore { vaultUrl azureName: name }
    ... on HashicorpVaultSecretStore { secretEngine path } ... on BuiltInSecretStore { parameterNames updatedAt } }
  owner { attributeType attributeValues sourceIntegration { id } } ownersMapping { keyName attributeType sourceIntegration { id } }`

export const errorFields = `errors { __typename code path message ... on ConflictError { currentVersion } ... on QuotaError { limit }
  ... on PreconditionError { remediation blockers { id } } ... on DuplicateError { existing { id } } }`

export interface Refused {
  __typename: string
  code: string
  path: string[]
  message: string
  [more: string]: unknown
}

export interface Answered {
  integration: Data
  errors: Refused[]
}

type Asker = Pick<TestOrganization, 'ask'>
type Mutation = 'createIntegration' | 'updateIntegration' | 'enableIntegration' | 'disableIntegration'

export async function call({ ask }: Asker, mutation: Mutation, input: object): Promise<Answered> {
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input!`
  const data = await ask(`mutation ($input: ${type}) { ${mutation}(input: $input) { integration { ${fields} } ${errorFields} } }`, {
    input,
  })
  return data[mutation]
}

export async function validate({ ask }: Asker, input: object): Promise<{ valid: boolean; errors: Refused[] }> {
  const data = await ask(`mutation ($input: CreateIntegrationInput!) { validateIntegration(input: $input) { valid ${errorFields} } }`, {
    input,
  })
  return data.validateIntegration
}

export async function remove({ ask }: Asker, input: object): Promise<Data> {
  const data = await ask(
    `mutation ($input: DeleteIntegrationInput!) { deleteIntegration(input: $input) { deletedIds alreadyAbsent organization { id } ${errorFields} } }`,
    { input },
  )
  return data.deleteIntegration
}

/** The integration of an answer without refusals. */
export function done({ integration, errors }: Answered): Data {
  if (!integration || errors.length > 0) throw new Error(JSON.stringify(errors))
  return integration
}

export const read = async ({ ask }: Asker, id: string): Promise<Data> =>
  (await ask(`{ integration(id: "${id}") { ${fields} } }`)).integration

/** `Typename CODE path` of each refusal. */
export const short = (errors: Refused[]) => errors.map(({ __typename, code, path }) => `${__typename} ${code} ${path.join('.')}`)

export async function registerConnector(
  { ask, id }: Pick<TestOrganization, 'ask' | 'id'>,
  name: string,
): Promise<{ id: string; key: string }> {
  const data = await ask(
    `mutation ($input: RegisterConnectorInput!) { registerConnector(input: $input) { connector { id } secret ${errorFields} } }`,
    { input: { organizationId: id, name } },
  )
  const { connector, secret, errors } = data.registerConnector
  if (!connector) throw new Error(JSON.stringify(errors))
  return { id: connector.id, key: secret }
}

/** What makes an integration of type postgresql; its secret is here. */
export const postgresql = (organizationId: string, name: string, more: object = {}) => ({
  organizationId,
  name,
  type: 'postgresql',
  config: { host: 'db.example.com' },
  secretStore: { builtIn: { parameters: { username: 'reader', password: 'a well-kept secret' } } },
  ...more,
})

export const custom = (organizationId: string, name: string, more: object = {}) => ({
  organizationId,
  name,
  type: 'custom',
  config: {},
  ...more,
})
