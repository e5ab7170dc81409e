/** What the recipes have in common. */
import type { AwsPartition, NamedPolicy, RoleSetup } from '../aws.type.ts'
import { arnPartitionOf } from '../partition.ts'
import { ROLE_NAMES } from '../role-setup.ts'

export interface RecipeOptions {
  partition: AwsPartition
  accountId: string
  /** The default of create_oidc_provider: true for the account's first staged component with a role. */
  createOidcProvider: boolean
  /** The default of create_role, which only recipes of a shared role have: false where another function's recipe makes the role. */
  createRole?: boolean
}

export interface RecipePolicy extends NamedPolicy {
  /** Belongs to the shared role as such, not to one of the functions: whoever makes the role makes it too. */
  withRole: boolean
}

/** Several FUNCTION_CALLER components of an account share one role. */
export function hasSharedRole({ roleName }: RoleSetup): boolean {
  return roleName === ROLE_NAMES.FUNCTION_CALLER
}

export function policiesOf(setup: RoleSetup): RecipePolicy[] {
  const own: RecipePolicy = { name: setup.inlinePolicyName, document: setup.inlinePolicy, withRole: false }
  return [own, ...setup.additionalInlinePolicies.map((policy) => ({ ...policy, withRole: hasSharedRole(setup) }))]
}

/** The IAM OIDC provider that the account needs; null where AWS has it built in. */
export function oidcProviderOf(setup: RoleSetup, { partition, accountId }: RecipeOptions): { url: string; arn: string } | null {
  const { oidcProviderUrl: url } = setup
  if (url === null) return null
  return { url, arn: `arn:${arnPartitionOf(partition)}:iam::${accountId}:oidc-provider/${url.replace(/^https?:\/\//, '')}` }
}

/** How to add the audience to a provider that something else created. */
export function addAudienceNote(setup: RoleSetup, providerArn: string, variable: string): string[] {
  return [
    `An account has one OIDC provider for an issuer. Where it exists already, set ${variable} to false`,
    `and see that ${setup.serviceAccountId} is among its audiences: in whatever created it, or with`,
    `aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn ${providerArn} --client-id ${setup.serviceAccountId}`,
  ]
}

/** What to do for the second and further functions of a shared role. */
export function sharedRoleNote(setup: RoleSetup, variable: string): string[] {
  return [
    `All functions of this account that Gatehouse may call share the role ${setup.roleName}.`,
    `The first function's recipe creates it. For every further function set ${variable} to false: that adds only the`,
    "function's own policy. The recipe that created the role is the last to be removed.",
  ]
}

/** Lines that begin with `# `; a newline in a line cannot end the comment. */
export function comment(lines: string[]): string {
  return lines.map((line) => `# ${line.replace(/[\r\n]/g, ' ')}`).join('\n')
}
