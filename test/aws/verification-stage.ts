/** The play of a verification: AWS (the stand-in, with a tap on the line), an OIDC issuer, a customer and the verifier. */
import { CreateOpenIDConnectProviderCommand, CreateRoleCommand, type IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import { CreateFunctionCommand } from '@aws-sdk/client-lambda'
import { CreateIndexCommand } from '@aws-sdk/client-resource-explorer-2'
import { type AwsEmulator, createAwsEmulator } from '../../emulator/emulator.ts'
import type { AwsIdentity, AwsPartition, RoleKind, RoleSetup, VerificationReport, VerificationRequest } from '../../src/aws/aws.type.ts'
import { buildRoleSetup } from '../../src/aws/role-setup.ts'
import { createVerifier, type Verifier, type VerifierSettings } from '../../src/aws/verification/verify.ts'
import { administratorOf, clientsOf } from '../emulator/clients.ts'
import { type OidcIssuer, startOidcIssuer } from '../support/oidc-issuer.ts'
import { startWiretap, type Wiretap } from '../support/wiretap.ts'

export const ROLE_KINDS: RoleKind[] = ['IAM_ASSESSMENT', 'IAM_WRITE', 'FUNCTION_CALLER', 'INVENTORY']

export interface Stage {
  emulator: AwsEmulator
  /** The emulator itself, past the tap. */
  awsUrl: string
  issuer: OidcIssuer
  tap: Wiretap
  verifier: Verifier
  verify: Verifier['verify']
  close(): Promise<void>
}

/** Waits of a few milliseconds where nothing else is said: what is missing in these plays mostly stays missing. */
export async function openStage(settings: Partial<VerifierSettings> = {}): Promise<Stage> {
  const emulator = createAwsEmulator({ issuer: { cacheMs: 0, timeoutMs: 300 } })
  const awsUrl = await emulator.listen()
  const tap = await startWiretap(awsUrl)
  const issuer = await startOidcIssuer()
  const verifier = createVerifier({ endpointUrl: tap.url, awsRegion: null, consistencyWaitsMs: [1, 2], ...settings }, issuer)
  return {
    emulator,
    awsUrl,
    issuer,
    tap,
    verifier,
    verify: verifier.verify,
    async close() {
      verifier.close()
      await Promise.all([tap.close(), emulator.close(), issuer.close()])
    },
  }
}

let accounts = 111_111_000_000

/** An account that no other test uses. */
export function newAccount(): string {
  accounts += 1
  return String(accounts)
}

/** A component as the service would have it verified; what is not given is as right after staging. */
export function requestOf(
  identity: AwsIdentity,
  kind: RoleKind,
  changes: Partial<VerificationRequest> = {},
): VerificationRequest & { setup: RoleSetup } {
  const { accountId = newAccount(), partition = 'AWS' } = changes
  const region = partition === 'AWS' ? 'eu-west-1' : 'us-gov-east-1'
  const functionArn = `arn:${partition === 'AWS' ? 'aws' : 'aws-us-gov'}:lambda:${region}:${accountId}:function:approve`
  const { itemId = kind === 'FUNCTION_CALLER' ? functionArn : accountId } = changes
  return {
    trigger: 'VERIFY',
    kind,
    componentId: 'component_01example',
    config: {},
    identity,
    assessment: null,
    parent: null,
    decoyRefusedFor: null,
    ...changes,
    accountId,
    partition,
    itemId,
    setup: changes.setup ?? buildRoleSetup({ kind, itemId, accountId, partition, identity }),
  }
}

/** The clients of the account's administrator, with whom the customer makes what a test needs. */
export function administratorClients({ awsUrl }: Pick<Stage, 'awsUrl'>, accountId: string, region = 'us-east-1') {
  return clientsOf(awsUrl, { region, credentials: administratorOf(accountId) })
}

/** Creates exactly what the setup says, as the customer does; `changes` is what this customer does otherwise. */
export async function applySetup(
  stage: Pick<Stage, 'awsUrl'>,
  { accountId, partition, setup }: { accountId: string; partition: AwsPartition; setup: RoleSetup },
  changes: Partial<RoleSetup> = {},
): Promise<IAMClient> {
  const { iam } = administratorClients(stage, accountId, partition === 'AWS' ? 'us-east-1' : 'us-gov-west-1')
  const { roleName, trustPolicy, inlinePolicyName, inlinePolicy, additionalInlinePolicies, oidcProviderUrl, serviceAccountId } = {
    ...setup,
    ...changes,
  }
  if (oidcProviderUrl !== null)
    await iam.send(new CreateOpenIDConnectProviderCommand({ Url: oidcProviderUrl, ClientIDList: [serviceAccountId] }))
  await iam.send(new CreateRoleCommand({ RoleName: roleName, AssumeRolePolicyDocument: trustPolicy }))
  for (const { name, document } of [{ name: inlinePolicyName, document: inlinePolicy }, ...additionalInlinePolicies]) {
    await iam.send(new PutRolePolicyCommand({ RoleName: roleName, PolicyName: name, PolicyDocument: document }))
  }
  return iam
}

/** The statuses in the report's order. */
export function statusesOf(report: VerificationReport): Record<string, string> {
  return Object.fromEntries(report.checks.map(({ code, status }) => [code, status]))
}

/** What a kind's own checks need besides the role. */
export async function prepareKind(
  stage: Pick<Stage, 'awsUrl'>,
  { kind, accountId, partition, itemId }: VerificationRequest,
): Promise<void> {
  if (kind === 'FUNCTION_CALLER') {
    const { lambda } = administratorClients(stage, accountId, itemId.split(':')[3])
    const Role = `arn:aws:iam::${accountId}:role/runs-the-function`
    await lambda.send(new CreateFunctionCommand({ FunctionName: itemId.split(':')[6], Role, Code: { ZipFile: Buffer.from('') } }))
  }
  if (kind === 'INVENTORY') {
    const { resourceExplorer } = administratorClients(stage, accountId, partition === 'AWS' ? 'us-east-1' : 'us-gov-west-1')
    await resourceExplorer.send(new CreateIndexCommand({}))
  }
}
