import { setTimeout as delay } from 'node:timers/promises'
import { iamOf } from '../../emulator/iam/iam.state.ts'
import { putRole } from '../../emulator/iam/role.ts'
import type { Data, TestApp, TestOrganization } from './app.ts'
import { newAccount } from './aws-setup.ts'

const refusal = 'errors { __typename code path message ... on PreconditionError { remediation } ... on ConflictError { currentVersion } }'
const operationFields =
  'operation { id kind status statusMessage finishedAt progress { done total } summary { total succeeded failed } actor { kind } }'
export const roleFields = `id arn name path description maxSessionDuration trustPolicy tags { key value } status firstSeenAt lastSeenAt missingSince
  updatedAt version awsAccount { accountId } discoveredBy { __typename ... on AwsCredential { accountName } ... on InventoryComponent { itemId } }`

/** What an organization does about credentials, syncs and roles, each as a client sends it. They fail on any top-level error. */
export function syncCalls({ id: organizationId, ask }: TestOrganization) {
  const mutate = async (name: string, type: string, selection: string, input: object): Promise<Data> =>
    (await ask(`mutation ($input: ${type}!) { ${name}(input: $input) { ${selection} ${refusal} } }`, { input }))[name]
  const read = async (selection: string, variables = ''): Promise<Data> =>
    (await ask(`query ($id: ID!${variables}) { organization(id: $id) { ${selection} } }`, { id: organizationId })).organization
  const awsSync = `awsSync { id enabled state errorId statusMessage lastSyncAt lastSuccessAt
    accounts(first: 200) { totalCount nodes { accountName succeeded statusMessage rolesFound awsAccount { accountId } credential { accountName } } } }`
  return {
    put: (credentials: { accountName: string; accessKeyId: string }[]) =>
      mutate('putAwsCredentials', 'PutAwsCredentialsInput', 'credentials { id }', {
        organizationId,
        credentials: credentials.map((given) => ({ secretAccessKey: 'S3cret/of+the+key/0123456789', ...given })),
      }),
    remove: (accountNames: string[]) =>
      mutate('deleteAwsCredentials', 'DeleteAwsCredentialsInput', 'deletedIds', { organizationId, accountNames }),
    sync: (wait = true) => mutate('syncAwsAccounts', 'SyncAwsAccountsInput', operationFields, { organizationId, wait }),
    refresh: (accountIds?: string[], wait = true) =>
      mutate('refreshAwsRoles', 'RefreshAwsRolesInput', operationFields, { organizationId, wait, ...(accountIds ? { accountIds } : {}) }),
    set: (enabled: boolean) => mutate('setAwsSync', 'SetAwsSyncInput', awsSync, { organizationId, enabled }),
    forget: (id: string, more: object = {}) =>
      mutate('deleteAwsRole', 'DeleteAwsRoleInput', 'deletedIds alreadyAbsent organization { id }', { id, ...more }),
    cancel: (id: string) => mutate('cancelOperation', 'CancelOperationInput', operationFields, { id }),
    operation: async (id: string): Promise<Data> =>
      (await ask(`{ ${operationFields.replace('operation', `operation(id: "${id}")`)} }`)).operation,
    /** The operation once it has ended. */
    finish: async (id: string, timeoutMs = 60_000): Promise<Data> => {
      for (const untilMs = Date.now() + timeoutMs; ; ) {
        const { operation } = await ask(`{ ${operationFields.replace('operation', `operation(id: "${id}")`)} }`)
        if (operation.finishedAt) return operation
        if (Date.now() > untilMs) throw new Error(`the operation did not end in ${timeoutMs} ms: ${JSON.stringify(operation)}`)
        await delay(100)
      }
    },
    state: async (): Promise<Data> => (await read(awsSync)).awsSync,
    roles: async (args = ''): Promise<Data[]> => (await read(`awsRoles${args} { nodes { ${roleFields} } }`)).awsRoles.nodes,
    accounts: async (): Promise<Data[]> =>
      (
        await read(
          `awsAccounts { nodes { accountId partition alias lastSyncAt syncStatusMessage credentials { nodes { accountName } } roles { totalCount } } }`,
        )
      ).awsAccounts.nodes,
    audit: async (action: string): Promise<Data[]> =>
      (await read(`auditEvents(filter: { action: "${action}" }) { nodes { subjectId before after actor { kind } } }`)).auditEvents.nodes,
  }
}

export type SyncCalls = ReturnType<typeof syncCalls>

/** The key of an account's administrator; the stand-in takes the account from it. */
export const keyOf = (accountId: string, suffix = '') => `AKIA${accountId}${suffix}`

/** An account with so many roles, r000, r001, …, in the stand-in. */
export function accountWithRoles(
  app: TestApp,
  count: number,
  { accountId = newAccount(), partition = 'aws' as 'aws' | 'aws-us-gov', tags = {} as Record<string, string> } = {},
): string {
  const account = app.aws.state.account(accountId, { partition })
  for (let index = 0; index < count; index++) {
    putRole(account, app.aws.state.now(), {
      name: `r${String(index).padStart(3, '0')}`,
      trustPolicy: trustPolicy(accountId),
      description: `Role ${index}`,
      tags: new Map(Object.entries(tags)),
    })
  }
  return accountId
}

export const trustPolicy = (accountId: string) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: accountId }, Action: 'sts:AssumeRole' }] })

export function iamRoles(app: TestApp, accountId: string) {
  return iamOf(app.aws.state.account(accountId)).roles
}
