import { CommonRefusal } from './errors.ts'
import { type IamRole, iamOf, roleArn } from './iam/iam.state.ts'
import { partitionOf } from './identifiers.ts'
import type { Account, EmulatorState, RoleSession } from './state.ts'

/** What the Authorization header (or a presigned query) claims; nothing of it is proven by a signature here. */
export interface Credential {
  accessKeyId: string
  region: string
  service: string
  sessionToken: string | undefined
}

interface Principal {
  accountId: string
  /** As answers and refusals name it; for a role that is the session's ARN. */
  arn: string
  /** As policies name it: the user's or the role's own ARN. */
  principalArn: string
  userId: string
}

/** Who signed the call. A user without a policy is an administrator. */
export type Caller =
  | (Principal & { kind: 'user'; userName: string; policy: string | undefined })
  | (Principal & { kind: 'role'; role: IamRole; session: RoleSession })

const unknownKey = 'The security token included in the request is invalid.'

/** The account a key belongs to as far as anyone can tell, for counting and faults; `-` where nobody can. */
export function claimedAccountId(state: EmulatorState, accessKeyId: string): string {
  return (state.session(accessKeyId) ?? state.accessKey(accessKeyId))?.accountId ?? '-'
}

/** Who the credential stands for. Refuses keys unknown in that partition, expired ones and wrong session tokens, as AWS does. */
export function authenticate(state: EmulatorState, credential: Credential, nowMs: number): { account: Account; caller: Caller } {
  return credential.accessKeyId.startsWith('ASIA') ? authenticateSession(state, credential, nowMs) : authenticateKey(state, credential)
}

function authenticateKey(state: EmulatorState, { accessKeyId, region, sessionToken }: Credential): { account: Account; caller: Caller } {
  const key = state.accessKey(accessKeyId)
  if (!key || sessionToken !== undefined) throw new CommonRefusal('unknownKey', unknownKey)
  const account = state.accountInRegion(key.accountId, region)
  checkPartition(account, region)
  const arn = account.arn('iam', '', `user/${key.userName}`)
  const { userName, policy } = key
  const identity = { accountId: account.id, arn, principalArn: arn, userId: userId(account, userName) }
  return { account, caller: { kind: 'user', ...identity, userName, policy } }
}

function userId(account: Account, userName: string): string {
  const letters = userName.replaceAll(/[^A-Za-z0-9]/g, '').toUpperCase()
  return `AIDA${account.id}${letters.padEnd(5, 'X').slice(0, 5)}`
}

function authenticateSession(state: EmulatorState, credential: Credential, nowMs: number): { account: Account; caller: Caller } {
  const session = state.session(credential.accessKeyId)
  if (session?.sessionToken !== credential.sessionToken || !session) throw new CommonRefusal('unknownKey', unknownKey)
  const account = state.account(session.accountId)
  checkPartition(account, credential.region)
  if (nowMs >= session.expiresAtMs) throw new CommonRefusal('expiredKey', 'The security token included in the request is expired')
  const role = iamOf(account).roles.latest(session.roleName)
  if (role?.id !== session.roleId || !role) throw new CommonRefusal('unknownKey', unknownKey)
  const arn = account.arn('sts', '', `assumed-role/${role.name}/${session.sessionName}`)
  const identity = { accountId: account.id, arn, principalArn: roleArn(account, role), userId: `${role.id}:${session.sessionName}` }
  return { account, caller: { kind: 'role', ...identity, role, session } }
}

function checkPartition(account: Account, region: string): void {
  if (account.partition !== partitionOf(region)) throw new CommonRefusal('unknownKey', unknownKey)
}
