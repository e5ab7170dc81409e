/** What the AWS capability exchanges with the rest: plain data, no decorator, no database. */

export type AwsPartition = 'AWS' | 'AWS_US_GOV'

export type RoleKind = 'IAM_ASSESSMENT' | 'IAM_WRITE' | 'FUNCTION_CALLER' | 'INVENTORY'
export type VerifiableKind = RoleKind | 'ACCESS_LOGS'

/** Who an organization is to AWS. `issuer` is a URL without trailing slash in issuer mode, `accounts.google.com` in google mode. */
export interface AwsIdentity {
  mode: 'issuer' | 'google'
  organizationId: string
  issuer: string
  /** The `sub` claim: `organization:<id>`; in google mode the service account's unique id. */
  subject: string
  /** The `aud` claim: 21 digits of the organization's own. */
  audience: string
}

export interface NamedPolicy {
  name: string
  document: string
}

/** What the customer creates in AWS. Documents are JSON text, kept as handed out. */
export interface RoleSetup {
  roleName: string
  inlinePolicyName: string
  inlinePolicy: string
  trustPolicy: string
  additionalInlinePolicies: NamedPolicy[]
  serviceAccountId: string
  issuer: string
  /** The IAM OIDC provider's URL, https:// included; null where AWS has the provider built in (google mode). */
  oidcProviderUrl: string | null
}

export interface Recipes {
  terraform: string
  cloudFormation: string
  awsCli: string
}

export type IamWriteLogin =
  | { type: 'iam'; identity: 'EMAIL' | 'TAG'; tagName: string | null }
  | {
      type: 'identityCenter'
      parentAccountId: string
      identity: 'USER' | 'EMAIL'
      identityCenterArn: string | null
      identityStoreId: string | null
      region: string | null
    }
  | { type: 'federated'; provider: { type: 'okta'; appId: string; identityProvider: string; multiAccountParentId: string | null } }

/** A component's configuration as stored: only the members of its kind are ever set. */
export interface ComponentConfig {
  accessAnalyzerArn?: string | null
  cloudLakeArn?: string | null
  login?: IamWriteLogin | null
}

export type VerificationCheckCode =
  | 'OIDC_PROVIDER_EXISTS'
  | 'ROLE_ASSUMABLE'
  | 'ROLE_EXISTS'
  | 'TRUST_POLICY_MATCHES'
  | 'INLINE_POLICY_EXISTS'
  | 'INLINE_POLICY_MATCHES'
  | 'ACCOUNT_MATCHES'
  | 'PARTITION_MATCHES'
  | 'ACCESS_ANALYZER_ACTIVE'
  | 'CLOUDTRAIL_LAKE_ENABLED'
  | 'LAMBDA_INVOCABLE'
  | 'IDENTITY_CENTER_INSTANCE'
  | 'PARENT_INSTALLED'
  | 'SAML_PROVIDER_EXISTS'
  | 'RESOURCE_EXPLORER_INDEX'
  | 'SERVICE_ACCOUNT_CONFIGURED'

export type CheckStatus = 'PASSED' | 'FAILED' | 'SKIPPED'

export interface VerificationCheck {
  code: VerificationCheckCode
  status: CheckStatus
  message: string
  expected: string | null
  actual: string | null
  remediation: string | null
}

/** A role of this or another account of the organization that a verification works through. */
export interface AssumableRole {
  componentId: string
  accountId: string
  partition: AwsPartition
  setup: RoleSetup
  config: ComponentConfig
}

export interface VerificationRequest {
  trigger: 'VERIFY' | 'CONFIGURE' | 'SCHEDULED'
  kind: VerifiableKind
  componentId: string
  accountId: string
  partition: AwsPartition
  /** The account id, or the function's ARN for FUNCTION_CALLER. */
  itemId: string
  /** As stored at staging; null for ACCESS_LOGS. */
  setup: RoleSetup | null
  /** The configuration to verify (for CONFIGURE: the one about to be stored). */
  config: ComponentConfig
  identity: AwsIdentity
  /** ACCESS_LOGS: the account's installed IAM_ASSESSMENT role, if any. */
  assessment: AssumableRole | null
  /** IAM_WRITE with identityCenter: the parent account's installed IAM_WRITE, if any (this component itself when it is the parent). */
  parent: AssumableRole | null
  /** SHA-256 (hex) of the trust document for which AWS last refused the decoy. */
  decoyRefusedFor: string | null
}

/** What a verification read that is worth keeping; a member is absent where nothing was learned. */
export interface Learned {
  /** null: read, and there is none. */
  accountAlias?: string | null
  identityCenter?: { identityCenterArn: string; identityStoreId: string; region: string }
  decoyRefusedFor?: string
}

export interface VerificationReport {
  outcome: 'PASSED' | 'FAILED' | 'UNREACHABLE'
  checks: VerificationCheck[]
  learned: Learned
  /** Set exactly when outcome is UNREACHABLE. */
  upstream: { service: string; message: string; retryable: boolean } | null
}

/** What a verification needs of the process: tokens and the truth about the issuer. */
export interface TokenSource {
  /** A five-minute token of the organization's own identity; `decoy` gives the reserved subject with the same audience. */
  token(identity: AwsIdentity, options?: { decoy?: boolean }): Promise<string>
  /** Why AWS could not use this organization's identity for a setup made for `issuer`, or null when it can. */
  identityProblem(issuer: string, identity: AwsIdentity): { expected: string; actual: string; remediation: string } | null
}

/** An IAM role as it was seen in its account. What was not read is undefined. */
export interface SeenRole {
  arn: string
  /** AROA…: another one for a role made anew under an old name. */
  roleId: string
  name: string
  path: string
  trustPolicy: object
  /** `maxSessionDuration` in seconds. */
  details: { description: string | null; maxSessionDuration: number } | undefined
  /** By key. */
  tags: RoleTag[] | undefined
}

export interface RoleTag {
  key: string
  value: string
}
