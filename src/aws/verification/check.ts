import type { VerificationCheck, VerificationCheckCode, VerificationRequest } from '../aws.type.ts'

/** What a failed check tells the person who mends it. */
export interface Failure {
  message: string
  expected: string
  actual: string
  remediation: string
}

export function passed(
  code: VerificationCheckCode,
  message: string,
  found: { expected?: string; actual?: string } = {},
): VerificationCheck {
  return { code, status: 'PASSED', message, expected: found.expected ?? null, actual: found.actual ?? null, remediation: null }
}

export function failed(code: VerificationCheckCode, failure: Failure): VerificationCheck {
  return { code, status: 'FAILED', ...failure }
}

export function skipped(code: VerificationCheckCode, message: string, remediation: string | null = null): VerificationCheck {
  return { code, status: 'SKIPPED', message, expected: null, actual: null, remediation }
}

/**
 * The checks of a verification in the order of its report: the server's identity, the way into the role, the role and its documents,
 * then what the kind needs. The order never varies; a check that depends on a failed one stands in its place as SKIPPED.
 */
export function plannedChecks({ kind, config, setup }: VerificationRequest): VerificationCheckCode[] {
  if (kind === 'ACCESS_LOGS') {
    return config.cloudLakeArn ? ['SERVICE_ACCOUNT_CONFIGURED', 'CLOUDTRAIL_LAKE_ENABLED'] : ['SERVICE_ACCOUNT_CONFIGURED']
  }
  const role: VerificationCheckCode[] = [
    'ROLE_ASSUMABLE',
    'ACCOUNT_MATCHES',
    'PARTITION_MATCHES',
    'ROLE_EXISTS',
    'TRUST_POLICY_MATCHES',
    'INLINE_POLICY_EXISTS',
    'INLINE_POLICY_MATCHES',
  ]
  const provider: VerificationCheckCode[] = setup?.oidcProviderUrl == null ? [] : ['OIDC_PROVIDER_EXISTS']
  return ['SERVICE_ACCOUNT_CONFIGURED', ...provider, ...role, ...checksOfKind({ kind, config })]
}

function checksOfKind({ kind, config }: Pick<VerificationRequest, 'kind' | 'config'>): VerificationCheckCode[] {
  if (kind === 'IAM_ASSESSMENT') return config.accessAnalyzerArn ? ['ACCESS_ANALYZER_ACTIVE'] : []
  if (kind === 'FUNCTION_CALLER') return ['LAMBDA_INVOCABLE']
  if (kind === 'INVENTORY') return ['RESOURCE_EXPLORER_INDEX']
  if (config.login?.type === 'identityCenter') return ['PARENT_INSTALLED', 'IDENTITY_CENTER_INSTANCE']
  return config.login?.type === 'federated' ? ['SAML_PROVIDER_EXISTS'] : []
}

/** The planned checks that were made, and in the place of each that was not: SKIPPED, naming the failed one that stood in its way. */
export function withSkipped(planned: VerificationCheckCode[], made: VerificationCheck[]): VerificationCheck[] {
  const byCode = new Map(made.map((check) => [check.code, check]))
  const hasFailed = (code: VerificationCheckCode) => byCode.get(code)?.status === 'FAILED'
  return planned.map((code, index) => {
    const check = byCode.get(code)
    if (check !== undefined) return check
    const obstacle = planned.slice(0, index).findLast(hasFailed) ?? planned.find(hasFailed)
    if (obstacle === undefined) throw new Error(`the check ${code} was not made and nothing stood in its way`)
    return skipped(code, `Not checked: it depends on ${obstacle}, which failed.`)
  })
}
