import { ReplicatedMap } from '../replicated-map.ts'
import { type Account, perAccount } from '../state.ts'

export interface IamRole {
  name: string
  path: string
  /** AROA…, another one for a role made anew under an old name. */
  id: string
  trustPolicy: string
  description: string | undefined
  maxSessionSeconds: number
  tags: ReadonlyMap<string, string> | undefined
  createdAtMs: number
}

export interface InlinePolicy {
  name: string
  document: string
}

export interface OidcProvider {
  arn: string
  /** Without scheme, as IAM keeps it. */
  url: string
  clientIds: readonly string[]
  thumbprints: readonly string[]
  tags: ReadonlyMap<string, string> | undefined
  createdAtMs: number
}

export interface SamlProvider {
  arn: string
  metadata: string
  createdAtMs: number
}

/** What IAM keeps for one account. Roles lie under their names, providers under their ARNs. Objects are never changed, only replaced. */
export class IamState {
  readonly roles = new ReplicatedMap<IamRole>()
  readonly oidcProviders = new ReplicatedMap<OidcProvider>()
  readonly samlProviders = new ReplicatedMap<SamlProvider>()
  /** By role id: most of the many roles that a test makes have none. */
  readonly inlinePolicies = new Map<string, ReplicatedMap<InlinePolicy>>()
  alias: string | undefined
}

export const iamOf = perAccount(() => new IamState())

const noPolicies = new ReplicatedMap<InlinePolicy>()

/** A role's inline policies, to read. */
export function inlinePolicies(account: Account, role: IamRole): ReplicatedMap<InlinePolicy> {
  return iamOf(account).inlinePolicies.get(role.id) ?? noPolicies
}

/** A role's inline policies, to write. */
export function writableInlinePolicies(account: Account, role: IamRole): ReplicatedMap<InlinePolicy> {
  const iam = iamOf(account)
  let policies = iam.inlinePolicies.get(role.id)
  if (!policies) {
    policies = new ReplicatedMap()
    iam.inlinePolicies.set(role.id, policies)
  }
  return policies
}

export function roleArn(account: Account, role: { path: string; name: string }): string {
  return account.arn('iam', '', `role${role.path}${role.name}`)
}

/** The provider's ARN for an issuer's URL, with or without scheme. */
export function oidcProviderArn(account: Account, url: string): string {
  return account.arn('iam', '', `oidc-provider/${withoutScheme(url)}`)
}

export function withoutScheme(url: string): string {
  return url.replace(/^https?:\/\//, '')
}
