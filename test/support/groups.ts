import { randomBytes } from 'node:crypto'
import type { Data, TestApp, TestOrganization } from './app.ts'

/** Permission groups of the product that tests name. */
export const permissionGroups = {
  awsRoleUser: 'pg_01m8099x7xfqa9jnhsdqpr9tj8',
  integrationAdmin: 'pg_01m8099x7yfqa9jnjswkbnk39z',
  securityAuditor: 'pg_01m8099x7yfqa9jnkvqbk2fa6t',
  superAdmin: 'pg_01m8099x7zfqa9jnme1zf7k7j9',
  viewer: 'pg_01m8099x7zfqa9jnmpm08yk0qg',
}

const errors = 'errors { __typename code path message ... on ConflictError { currentVersion } ... on DuplicateError { existing { id } }'
export const refusal = `${errors} ... on PreconditionError { remediation blockers { __typename id } } ... on QuotaError { limit } }`

const policies = 'policies { id access permissionGroups { id } resourceGroups { id } }'
const shapes: Record<string, string> = {
  inviteMembers: 'members { id email status version }',
  acceptMember: 'member { id email status version }',
  removeMember: 'deletedIds alreadyAbsent organization { id }',
  createResourceGroup: 'resourceGroup { id name version meta { key value } scope { key objects { key } } }',
  updateResourceGroup: 'resourceGroup { id name version meta { key value } scope { key objects { key } } }',
  deleteResourceGroup: 'deletedIds alreadyAbsent organization { id }',
  createUserGroup: `userGroup { id name version ${policies} }`,
  updateUserGroup: `userGroup { id name version ${policies} }`,
  deleteUserGroup: 'deletedIds alreadyAbsent organization { id }',
  setUserGroupMembers: 'userGroup { id version members { nodes { id } } }',
  addUserGroupMembers: 'userGroup { id version members { nodes { id } } }',
  removeUserGroupMembers: 'userGroup { id version members { nodes { id } } }',
  setUserGroupAwsRoles: 'userGroup { id version awsRoles { nodes { id } } }',
  addUserGroupAwsRoles: 'userGroup { id version awsRoles { nodes { id } } }',
  removeUserGroupAwsRoles: 'userGroup { id version awsRoles { nodes { id } } }',
  setAwsRoleUserGroups: 'awsRole { id version userGroups { nodes { id } } }',
  addAwsRoleUserGroups: 'awsRole { id version userGroups { nodes { id } } }',
  removeAwsRoleUserGroups: 'awsRole { id version userGroups { nodes { id } } }',
}
export const groupMutations = Object.keys(shapes)

export const inputTypeOf = (mutation: string): string =>
  /(UserGroupMembers|UserGroupAwsRoles|AwsRoleUserGroups)$/.exec(mutation)?.[0].concat('Input') ??
  `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`

/** The document of a mutation by its name, its input in the variable $input, all of its payload selected. */
export const documentOf = (mutation: string): string =>
  `mutation ($input: ${inputTypeOf(mutation)}!) { ${mutation}(input: $input) { ${shapes[mutation]} ${refusal} } }`

export interface GroupTenant extends TestOrganization {
  /** Runs a mutation of this slice and returns its payload, refused or not. */
  run(mutation: string, input: object): Promise<Data>
  /** Runs it and fails where it is refused. */
  must(mutation: string, input: object): Promise<Data>
  /** Members of that many new addresses, accepted; their ids in the order of the addresses. */
  members(count: number): Promise<string[]>
  /** A resource group over these keys; everything unless said. */
  resourceGroup(...keys: string[]): Promise<string>
  /** A group with these policies. */
  group(policies?: object[]): Promise<Data>
}

export const nameOf = (what: string) => `${what} ${randomBytes(5).toString('hex')}`

/** An organization with short cuts to what this slice does. */
export async function groupTenant(app: TestApp): Promise<GroupTenant> {
  const organization = await app.organization()
  const { id: organizationId, ask } = organization
  const run = async (mutation: string, input: object) => (await ask(documentOf(mutation), { input }))[mutation]
  const must = async (mutation: string, input: object) => {
    const answer = await run(mutation, input)
    if (answer.errors.length > 0) throw new Error(`${mutation}: ${JSON.stringify(answer.errors)}`)
    return answer
  }
  return {
    ...organization,
    run,
    must,
    async members(count) {
      const emails = Array.from({ length: count }, (_, i) => `m${String(i).padStart(4, '0')}.${randomBytes(5).toString('hex')}@example.com`)
      const { members } = await must('inviteMembers', { organizationId, emails })
      const { pool } = app.booted.services.db
      const ids: string[] = members.map(({ id }: Data) => id)
      await pool.query(`update "Member" set "status" = 'ACCEPTED' where "id" = any($1::text[])`, [ids])
      return ids
    },
    async resourceGroup(...keys) {
      const objects = (keys.length > 0 ? keys : ['*']).map((key) => ({ key }))
      const scope = [{ key: `organization.${organizationId}`, objects }]
      return (await must('createResourceGroup', { organizationId, name: nameOf('resources'), scope })).resourceGroup.id
    },
    async group(policies = []) {
      return (await must('createUserGroup', { organizationId, name: nameOf('group'), policies })).userGroup
    },
  }
}

/** A policy as an input has it. */
export const policy = (access: 'ALLOW' | 'DENY', permissionGroupId: string, ...resourceGroupIds: string[]) => ({
  access,
  permissionGroupIds: [permissionGroupId],
  resourceGroupIds,
})
