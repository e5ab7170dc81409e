import type { AwsEmulator } from '../../emulator/emulator.ts'
import { iamOf, writableInlinePolicies } from '../../emulator/iam/iam.state.ts'
import { putOidcProvider } from '../../emulator/iam/oidc-providers.ts'
import { putRole } from '../../emulator/iam/role.ts'
import { parseArn } from '../../emulator/identifiers.ts'
import { functionsOf } from '../../emulator/lambda/lambda.state.ts'
import { analyzersOf } from '../../emulator/services/access-analyzer.ts'
import { type EventDataStore, eventDataStoresOf } from '../../emulator/services/cloudtrail.ts'
import type { Account } from '../../emulator/state.ts'

/** What a component shows of itself and of its setup: enough to do in AWS what it asks for. */
export interface HandedOut {
  kind: string
  itemId: string
  partition: 'AWS' | 'AWS_US_GOV'
  setup: {
    roleName: string
    inlinePolicyName: string
    inlinePolicy: string
    trustPolicy: string
    serviceAccountId: string
    oidcProviderUrl: string | null
    additionalInlinePolicies: { name: string; document: string }[]
  } | null
}

let accounts = 200_000_000_000

/** An account number that no other test of this file uses. */
export function newAccount(): string {
  accounts += 1
  return String(accounts)
}

export function accountNumberOf({ itemId }: { itemId: string }): string {
  return parseArn(itemId)?.accountId ?? itemId
}

/** The account in the stand-in; made in the component's partition where it is new. */
export function awsAccountOf(aws: AwsEmulator, component: Pick<HandedOut, 'itemId' | 'partition'>): Account {
  return aws.state.account(accountNumberOf(component), { partition: component.partition === 'AWS' ? 'aws' : 'aws-us-gov' })
}

/** Does what the customer does: OIDC provider with the audience, role with trust policy and inline policies, and the function if one is named. */
export function applySetup(aws: AwsEmulator, component: HandedOut): void {
  const account = awsAccountOf(aws, component)
  if (component.kind === 'FUNCTION_CALLER') putFunctionOf(aws, component)
  const { setup } = component
  if (!setup) return
  const now = aws.state.now()
  if (setup.oidcProviderUrl) addAudience(aws, account, setup.oidcProviderUrl, setup.serviceAccountId)
  const { roles } = iamOf(account)
  const known = roles.latest(setup.roleName)
  // Functions share a role: its other policies stay.
  const role = known
    ? { ...known, trustPolicy: setup.trustPolicy }
    : putRole(account, now, { name: setup.roleName, trustPolicy: setup.trustPolicy })
  roles.put(role.name, role, now)
  const policies = [{ name: setup.inlinePolicyName, document: setup.inlinePolicy }, ...setup.additionalInlinePolicies]
  for (const policy of policies) writableInlinePolicies(account, role).put(policy.name, policy, now)
}

/** Takes the inline policy away: the role can still be assumed and no longer is what was handed out. */
export function breakSetup(aws: AwsEmulator, component: HandedOut): void {
  const account = awsAccountOf(aws, component)
  const role = component.setup && iamOf(account).roles.latest(component.setup.roleName)
  if (!role || !component.setup) throw new Error(`${component.kind} ${component.itemId} has no role in AWS`)
  writableInlinePolicies(account, role).delete(component.setup.inlinePolicyName)
}

export function setAccountAlias(aws: AwsEmulator, component: HandedOut, alias: string | undefined): void {
  iamOf(awsAccountOf(aws, component)).alias = alias
}

/** An ACTIVE analyzer of that ARN. */
export function putAnalyzer(aws: AwsEmulator, arn: string, status: 'ACTIVE' | 'DISABLED' = 'ACTIVE'): void {
  const { account, region, name, now } = place(aws, arn)
  analyzersOf(account, region).put(name, { arn, name, type: 'ACCOUNT', status, createdAt: new Date(now), tags: {} }, now)
}

/** An event data store of that ARN. */
export function putEventDataStore(aws: AwsEmulator, arn: string, status: EventDataStore['status'] = 'ENABLED'): void {
  const { account, region, name, now } = place(aws, arn)
  const at = new Date(now)
  const flags = { isMultiRegion: true, isOfOrganization: false, isProtected: true, retentionDays: 366 }
  eventDataStoresOf(account, region).put(name, { arn, name, status, ...flags, createdAt: at, updatedAt: at }, now)
}

export function putSamlProvider(aws: AwsEmulator, component: HandedOut, name: string): void {
  const account = awsAccountOf(aws, component)
  const arn = account.arn('iam', '', `saml-provider/${name}`)
  iamOf(account).samlProviders.put(arn, { arn, metadata: '<EntityDescriptor/>', createdAtMs: aws.state.now() }, aws.state.now())
}

function addAudience(aws: AwsEmulator, account: Account, url: string, audience: string): void {
  const known = iamOf(account).oidcProviders.latest(account.arn('iam', '', `oidc-provider/${url.replace(/^https?:\/\//, '')}`))
  putOidcProvider(account, aws.state.now(), { url, clientIds: [...new Set([...(known?.clientIds ?? []), audience])] })
}

function putFunctionOf(aws: AwsEmulator, component: HandedOut): void {
  const [, , , region = '', accountId = '', , name = '', qualifier] = component.itemId.split(':')
  const account = awsAccountOf(aws, component)
  const functions = functionsOf(account, region)
  const known = functions.latest(name)
  const isAlias = qualifier !== undefined && qualifier !== '$LATEST'
  const aliases = new Map([...(known?.aliases ?? []), ...(isAlias ? [[qualifier, '1'] as const] : [])])
  functions.put(
    name,
    {
      arn: account.arn('lambda', region, `function:${name}`),
      name,
      runtime: undefined,
      role: `arn:${account.partition}:iam::${accountId}:role/runs-the-function`,
      handler: undefined,
      description: '',
      codeSha256: '',
      codeBytes: 0,
      lastModifiedAt: new Date(aws.state.now()),
      revisionId: '1',
      publishedVersions: 1,
      aliases,
      tags: {},
    },
    aws.state.now(),
  )
}

function place(aws: AwsEmulator, arn: string) {
  const parsed = parseArn(arn)
  if (!parsed) throw new Error(`${arn} is no ARN`)
  const account = aws.state.account(parsed.accountId, { partition: parsed.partition === 'aws-us-gov' ? 'aws-us-gov' : 'aws' })
  return { account, region: parsed.region, name: parsed.resource.split('/').at(-1) ?? '', now: aws.state.now() }
}
