import type { Data, TestOrganization } from './app.ts'

/** Every refusal with all that its kind adds. */
export const errorFields = `errors { __typename code message path
  ... on TransitionError { fromState allowedActions } ... on ConflictError { currentVersion }
  ... on PreconditionError { remediation blockers { id } } ... on UpstreamError { service retryable } ... on QuotaError { limit }
  ... on VerificationError { verification { id trigger outcome startedAt component { id } checks { code status message expected actual remediation } } } }`

export const verificationFields = 'id trigger outcome startedAt finishedAt checks { code status message expected actual remediation }'

export const componentFields = `__typename id kind itemId label partition state allowedActions health version createdAt updatedAt
  integration { id status } awsAccount { id accountId partition alias } lastVerification { id outcome }
  setup { roleName inlinePolicyName inlinePolicy trustPolicy serviceAccountId oidcProviderUrl additionalInlinePolicies { name document } }
  ... on BaseComponent { serviceAccountEmail serviceAccountId issuer subject } ... on IamAssessmentComponent { accessAnalyzerArn }
  ... on FunctionCallerComponent { functionName region } ... on AccessLogsComponent { cloudLakeArn }
  ... on IamWriteComponent { login { __typename ... on IamUserLogin { identity tagName }
    ... on IdentityCenterLogin { parentAccountId centerIdentity: identity identityCenterArn identityStoreId region }
    ... on FederatedLogin { provider { ... on OktaProvider { appId identityProvider multiAccountParentId } } } } }`

export interface StageArguments {
  kind: string
  itemId: string
  partition?: string | null
  allowRestage?: boolean
}

/** The component mutations of one organization, each as a client sends it, by default with all there is to a component. They fail on any top-level error. */
export function componentCalls({ id: organizationId, slug, ask }: TestOrganization, selection = componentFields) {
  const mutate = async (name: string, type: string, selection: string, input: object): Promise<Data> =>
    (await ask(`mutation ($input: ${type}!) { ${name}(input: $input) { ${selection} ${errorFields} } }`, { input }))[name]
  const one = `component { ${selection} } verification { ${verificationFields} }`
  const bulk = 'summary { total succeeded failed }'
  return {
    install: () =>
      mutate('installAwsIntegration', 'InstallAwsIntegrationInput', 'alreadyInstalled integration { id name status type { type } }', {
        organizationId,
      }),
    uninstall: (confirmSlug = slug) =>
      mutate('uninstallAwsIntegration', 'UninstallAwsIntegrationInput', 'deletedIds alreadyAbsent organization { id }', {
        organizationId,
        confirmSlug,
      }),
    stage: (item: StageArguments) => mutate('stageComponent', 'StageComponentInput', one, { organizationId, ...item }),
    verify: (id: string, expectedVersion?: number) =>
      mutate('verifyComponent', 'VerifyComponentInput', one, { id, ...(expectedVersion === undefined ? {} : { expectedVersion }) }),
    configure: (id: string, config: object, expectedVersion?: number) =>
      mutate('configureComponent', 'ConfigureComponentInput', one, {
        id,
        config,
        ...(expectedVersion === undefined ? {} : { expectedVersion }),
      }),
    remove: (id: string, expectedVersion?: number) =>
      mutate('removeComponent', 'RemoveComponentInput', 'deletedIds alreadyAbsent organization { id }', {
        id,
        ...(expectedVersion === undefined ? {} : { expectedVersion }),
      }),
    stageAll: (items: { kind: string; itemIds: string[]; partition?: string | null; allowRestage?: boolean }) =>
      mutate(
        'stageComponents',
        'StageComponentsInput',
        `results { itemId component { id kind itemId partition state version } ${errorFields} } ${bulk}`,
        { organizationId, ...items },
      ),
    configureAll: (ids: string[], config: object) =>
      mutate(
        'configureComponents',
        'ConfigureComponentsInput',
        `results { componentId component { id state version } verification { id outcome } ${errorFields} } ${bulk}`,
        { organizationId, ids, config },
      ),
    removeAll: (ids: string[]) =>
      mutate('removeComponents', 'RemoveComponentsInput', `results { componentId alreadyAbsent ${errorFields} } deletedIds ${bulk}`, {
        organizationId,
        ids,
      }),
    verifyAll: (ids: string[], wait = false) =>
      mutate('verifyComponents', 'VerifyComponentsInput', `operation { ${operationFields} }`, { organizationId, ids, wait }),
    cancel: (id: string) => mutate('cancelOperation', 'CancelOperationInput', `operation { ${operationFields} }`, { id }),
    read: async (id: string): Promise<Data> =>
      (await ask(`query ($id: ID!) { component(id: $id) { ${componentFields} } }`, { id })).component,
    all: async (filter: object = {}): Promise<Data[]> =>
      (
        await ask(
          `query ($id: ID!, $filter: ComponentFilter) { organization(id: $id) { components(filter: $filter, first: 200) { nodes { ${componentFields} } } } }`,
          { id: organizationId, filter },
        )
      ).organization.components.nodes,
  }
}

export const operationFields = `id kind status statusMessage createdAt startedAt finishedAt progress { done total } summary { total succeeded failed }
  subject { id } actor { kind subject }`

export type ComponentCalls = ReturnType<typeof componentCalls>
