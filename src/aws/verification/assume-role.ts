import { AssumeRoleWithWebIdentityCommand, type AssumeRoleWithWebIdentityCommandInput } from '@aws-sdk/client-sts'
import type { AssumableRole, AwsPartition, VerificationCheck } from '../aws.type.ts'
import type { AwsCredentials } from '../clients.ts'
import { arnPartitionOf, defaultRegion } from '../partition.ts'
import { type Answer, ask, describe, isDenied, type Patience, patiently, type Refusal, UpstreamProblem } from './answer.ts'
import { failed } from './check.ts'
import { addClientId, applyTrustPolicy, createProvider } from './remediation.ts'
import type { Run } from './run.ts'
import { readTrustExpectation } from './trust-policy.ts'

/** What a role that was assumed lets a verification call AWS with. */
export interface RoleSession {
  accountId: string
  partition: AwsPartition
  credentials: AwsCredentials
}

export type Role = Pick<AssumableRole, 'accountId' | 'partition' | 'setup'>

/** What assuming a role needs, in a verification or without one. */
export type Assuming = Patience & Pick<Run, 'clients' | 'awsRegion' | 'secrets'> & { request: { componentId: string } }

export const STS = 'AWS STS'

const SESSION_SECONDS = 900

/** Assumes the role as this organization. Throws an UpstreamProblem that names the issuer where AWS could not ask it for its keys. */
export async function assumeRole(run: Assuming, role: Role, token: string): Promise<Answer<RoleSession>> {
  const input = { WebIdentityToken: token, RoleSessionName: sessionName(run.request.componentId) }
  const answer = await patiently(
    run,
    () => tryToken(run, role, input),
    (answer) => 'value' in answer || !(isDenied(answer.refusal) || answer.refusal.code === 'InvalidIdentityToken'),
  )
  if ('refusal' in answer) return answer
  for (const secret of Object.values(answer.value)) run.secrets.add(secret)
  return { value: { accountId: role.accountId, partition: role.partition, credentials: answer.value } }
}

/** One AssumeRoleWithWebIdentity, unsigned, at the regional endpoint. */
export async function tryToken(
  run: Assuming,
  role: Role,
  input: Pick<AssumeRoleWithWebIdentityCommandInput, 'WebIdentityToken' | 'RoleSessionName' | 'Policy'> & { WebIdentityToken: string },
): Promise<Answer<Required<AwsCredentials>>> {
  run.secrets.add(input.WebIdentityToken)
  const command = new AssumeRoleWithWebIdentityCommand({ ...input, RoleArn: roleArn(role), DurationSeconds: SESSION_SECONDS })
  const client = run.clients.webIdentity(defaultRegion(role.partition, run.awsRegion ?? undefined))
  const answer = await ask(run, STS, (options) => client.send(command, options))
  if ('refusal' in answer) {
    const reason = describe(answer.refusal)
    if (/IDPCommunicationError|couldn'?t retrieve verification key/i.test(reason)) {
      throw new UpstreamProblem(STS, `AWS could not get the signing keys of ${issuerUrl(role)}: ${reason}`)
    }
    return answer
  }
  const { AccessKeyId, SecretAccessKey, SessionToken } = answer.value.Credentials ?? {}
  if (!AccessKeyId || !SecretAccessKey || !SessionToken) throw new UpstreamProblem(STS, `${STS} answered without credentials.`)
  return { value: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken } }
}

/** The failed check that AWS's refusal of the organization's own token amounts to. */
export function refusedToken(role: Role, refusal: Refusal): VerificationCheck {
  const { setup } = role
  const actual = describe(refusal)
  if (setup.oidcProviderUrl !== null && refusal.code === 'InvalidIdentityToken') {
    const provider = readTrustExpectation(setup.trustPolicy).federated
    const expected = `${provider} with the audience ${setup.serviceAccountId}`
    if (/no openidconnect provider found/i.test(refusal.message)) {
      const message = `The account has no IAM OIDC provider for ${setup.oidcProviderUrl}.`
      return failed('OIDC_PROVIDER_EXISTS', {
        message,
        expected,
        actual,
        remediation: createProvider(setup.oidcProviderUrl, setup.serviceAccountId),
      })
    }
    if (/incorrect token audience/i.test(refusal.message)) {
      const message = "The account's IAM OIDC provider does not list this organization's audience."
      return failed('OIDC_PROVIDER_EXISTS', { message, expected, actual, remediation: addClientId(provider, setup.serviceAccountId) })
    }
  }
  return failed('ROLE_ASSUMABLE', {
    message: isDenied(refusal)
      ? `AWS does not let this organization assume ${setup.roleName}. It answers a missing role and a trust policy that is not the expected one alike.`
      : `AWS refused to let this organization assume ${setup.roleName}.`,
    expected: `AWS lets this organization assume ${roleArn(role)}`,
    actual,
    remediation: remedyOf(role, refusal),
  })
}

export function roleArn({ partition, accountId, setup }: Role): string {
  return `arn:${arnPartitionOf(partition)}:iam::${accountId}:role/${setup.roleName}`
}

/** What AWS takes for a session name: 2 to 64 of these characters. */
function sessionName(componentId: string): string {
  return `gatehouse-${componentId}`.replaceAll(/[^\w+=,.@-]/g, '-').slice(0, 64)
}

function issuerUrl({ setup }: Role): string {
  return setup.issuer.startsWith('https:') || setup.issuer.startsWith('http:') ? setup.issuer : `https://${setup.issuer}`
}

function remedyOf(role: Role, { code }: Refusal): string {
  const { roleName } = role.setup
  if (code === 'ExpiredToken') return "The token lives five minutes: set this server's clock right, then verify again."
  if (code === 'RegionDisabled') {
    return 'Activate the STS endpoint of this region (console: IAM > Account settings > Security Token Service), then verify again.'
  }
  return (
    `If account ${role.accountId} has no role ${roleName}, create it with one of the setup's recipes. ` +
    `If it has, that role trusts another. ${applyTrustPolicy(roleName)} A service control policy must not deny sts:AssumeRoleWithWebIdentity either.`
  )
}
