import type { VerificationCheck } from '../aws.type.ts'
import { describe } from './answer.ts'
import { assumeRole, type Role, type RoleSession, roleArn } from './assume-role.ts'
import { failed } from './check.ts'
import { type Gathered, gather, learnAlias } from './gathered.ts'
import { checkIdentityCenter, checkParentInstalled, type IdentityCenterLogin } from './identity-center.ts'
import { checkEventDataStore } from './kind-checks.ts'
import type { Run } from './run.ts'

/** IAM_WRITE with Identity Center: it is seen from the parent account, through that account's own IAM_WRITE. */
export async function checkThroughParent(
  run: Run,
  gathered: Gathered,
  own: RoleSession,
  role: Role,
  login: IdentityCenterLogin,
): Promise<void> {
  const { accountId, parent: installed } = run.request
  const isOwn = login.parentAccountId === accountId
  const parent: Role | null = isOwn ? role : installed
  gathered.checks.push(checkParentInstalled(login, parent !== null))
  if (parent === null) return
  const assumed = isOwn ? { value: own } : await assumeRole(run, parent, await run.tokenOf())
  if ('refusal' in assumed) {
    gathered.checks.push(unusableRole('IDENTITY_CENTER_INSTANCE', parent, describe(assumed.refusal), 'IAM_WRITE'))
    return
  }
  const { check, found } = await checkIdentityCenter(run, assumed.value, parent, login)
  gathered.checks.push(check)
  if (found !== undefined) gathered.learned.identityCenter = found
}

/** ACCESS_LOGS has no role of its own: the event data store is read through the account's IAM_ASSESSMENT. */
export async function checkAccessLogs(run: Run, gathered: Gathered): Promise<void> {
  const { assessment, accountId, config } = run.request
  if (!config.cloudLakeArn) return
  if (assessment === null) {
    gathered.checks.push(withoutAssessment(accountId))
    return
  }
  const assumed = await assumeRole(run, assessment, await run.tokenOf())
  if ('refusal' in assumed) {
    gathered.checks.push(unusableRole('CLOUDTRAIL_LAKE_ENABLED', assessment, describe(assumed.refusal), 'IAM_ASSESSMENT'))
    return
  }
  const { value: session } = assumed
  const arn = config.cloudLakeArn
  await Promise.all([
    gather(gathered, async () => {
      gathered.checks.push(await checkEventDataStore(run, session, assessment, arn))
    }),
    learnAlias(run, gathered, session),
  ])
}

function withoutAssessment(accountId: string): VerificationCheck {
  return failed('CLOUDTRAIL_LAKE_ENABLED', {
    message: `The event data store is read through IAM_ASSESSMENT, which account ${accountId} has not installed.`,
    expected: `IAM_ASSESSMENT of ${accountId} is INSTALLED`,
    actual: 'there is none that is',
    remediation: `Stage, verify and configure IAM_ASSESSMENT for ${accountId}, then verify again.`,
  })
}

function unusableRole(
  code: 'CLOUDTRAIL_LAKE_ENABLED' | 'IDENTITY_CENTER_INSTANCE',
  role: Role,
  actual: string,
  kind: 'IAM_ASSESSMENT' | 'IAM_WRITE',
): VerificationCheck {
  return failed(code, {
    message: `The role of ${kind} in account ${role.accountId}, through which this is read, could not be assumed.`,
    expected: `AWS lets this organization assume ${roleArn(role)}`,
    actual,
    remediation: `Verify the ${kind} component of account ${role.accountId} and mend what its checks name, then verify this one again.`,
  })
}
