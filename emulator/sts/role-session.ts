import { z } from 'zod'
import { AwsError, CommonRefusal } from '../errors.ts'
import { arn, list } from '../iam/iam.fields.ts'
import { type IamRole, iamOf } from '../iam/iam.state.ts'
import { parseArn, randomSecret } from '../identifiers.ts'
import { checkIdentityPolicy } from '../policy/check.ts'
import { malformedPolicy } from '../policy/document.ts'
import type { Account, EmulatorState } from '../state.ts'

/** The parameters that every way of assuming a role takes. */
export const sessionFields = {
  RoleArn: arn,
  RoleSessionName: z
    .string()
    .min(2)
    .max(64)
    .regex(/^[\w+=,.@-]*$/),
  DurationSeconds: z.coerce.number().int().min(900).max(43_200).default(3600),
  Policy: z.string().min(1).max(2048).optional(),
  PolicyArns: list(z.object({ arn }), 10).default([]),
}

export type SessionInput = z.output<z.ZodObject<typeof sessionFields>>

export interface RoleToAssume {
  account: Account
  role: IamRole
}

/** The account and role an ARN names, as far as they exist; an account comes into being only through its own administrator. */
export function findRole(
  state: EmulatorState,
  roleArn: string,
  nowMs: number,
): { account: Account | undefined; role: IamRole | undefined } {
  const parsed = parseArn(roleArn)
  if (parsed?.service !== 'iam' || !parsed.resource.startsWith('role/')) throw new CommonRefusal('invalid', `${roleArn} is invalid`)
  const known = state.accounts.get(parsed.accountId)
  const account = known?.partition === parsed.partition ? known : undefined
  const name = parsed.resource.split('/').at(-1)!
  const role = account && iamOf(account).roles.visible(name, nowMs)
  const isSamePath = role && parsed.resource === `role${role.path}${role.name}`
  return { account, role: isSamePath ? role : undefined }
}

/** Opens the session and gives the members that all answers about an assumed role share. */
export function openRoleSession(state: EmulatorState, { account, role }: RoleToAssume, input: SessionInput, nowMs: number) {
  if (input.DurationSeconds > role.maxSessionSeconds) {
    throw new CommonRefusal('invalid', 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.')
  }
  const expiresAtMs = nowMs + input.DurationSeconds * 1000
  const session = state.openSession({
    sessionToken: randomSecret(180),
    accountId: account.id,
    roleName: role.name,
    roleId: role.id,
    sessionName: input.RoleSessionName,
    sessionPolicies: sessionPolicies(input),
    expiresAtMs,
  })
  return {
    Credentials: {
      AccessKeyId: session.accessKeyId,
      SecretAccessKey: randomSecret(40),
      SessionToken: session.sessionToken,
      Expiration: new Date(expiresAtMs),
    },
    AssumedRoleUser: {
      AssumedRoleId: `${role.id}:${input.RoleSessionName}`,
      Arn: account.arn('sts', '', `assumed-role/${role.name}/${input.RoleSessionName}`),
    },
    PackedPolicySize: input.Policy === undefined ? undefined : Math.ceil((input.Policy.length / 2048) * 100),
  }
}

export function notAuthorized(action: string): AwsError {
  return new AwsError('AccessDenied', `Not authorized to perform ${action}`, 403)
}

const everything = (effect: 'Allow' | 'Deny') =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: effect, Action: '*', Resource: '*' }] })
const awsManaged = new Map([
  ['AdministratorAccess', everything('Allow')],
  ['AWSDenyAll', everything('Deny')],
])

// Of AWS's managed policies only the two that a session is likely to be given are known here; with another one the call is refused
// rather than the session given more or less than it should have.
function sessionPolicies({ Policy, PolicyArns }: SessionInput): string[] {
  if (Policy !== undefined) checkIdentityPolicy(Policy)
  const managed = PolicyArns.map((policy) => {
    const document = /^arn:[^:]+:iam::aws:policy\/(.+)$/.exec(policy.arn)?.[1]
    const known = document === undefined ? undefined : awsManaged.get(document)
    if (known === undefined) throw malformedPolicy(`The policy ${policy.arn} does not exist or is not attachable.`)
    return known
  })
  return Policy === undefined ? managed : [Policy, ...managed]
}
