import { type InstanceMetadata, paginateListInstances } from '@aws-sdk/client-sso-admin'
import type { IamWriteLogin, Learned, VerificationCheck } from '../aws.type.ts'
import { defaultRegion, regionBelongsTo, regionsOf } from '../partition.ts'
import { type Answer, ask, askPatiently, describe, UpstreamProblem } from './answer.ts'
import type { Role, RoleSession } from './assume-role.ts'
import { failed, passed } from './check.ts'
import { allowCall } from './remediation.ts'
import type { Run } from './run.ts'

export type IdentityCenterLogin = Extract<IamWriteLogin, { type: 'identityCenter' }>

const IDENTITY_CENTER = 'IAM Identity Center'

interface Instance {
  region: string
  arn: string
  identityStoreId: string
  ownerAccountId: string | null
  status: string
}

/** Whether the parent account's IAM_WRITE is there to look through. */
export function checkParentInstalled(login: IdentityCenterLogin, isInstalled: boolean): VerificationCheck {
  const account = login.parentAccountId
  if (isInstalled) return passed('PARENT_INSTALLED', `The IAM_WRITE component of the parent account ${account} can be used.`)
  return failed('PARENT_INSTALLED', {
    message: `The parent account ${account} has no installed IAM_WRITE component.`,
    expected: `IAM_WRITE of ${account} is INSTALLED`,
    actual: 'there is none that is',
    remediation: `Stage, verify and configure IAM_WRITE for ${account} first, or configure the account that holds Identity Center as the parent.`,
  })
}

/** Finds the Identity Center through the parent's role, and says where for the next time. */
export async function checkIdentityCenter(
  run: Run,
  session: RoleSession,
  parent: Role,
  login: IdentityCenterLogin,
): Promise<{ check: VerificationCheck; found?: Learned['identityCenter'] }> {
  const code = 'IDENTITY_CENTER_INSTANCE'
  const { instances, unanswered } = await findInstances(run, session, login)
  const instance = choose(instances, parent.accountId)
  if (instance?.status === 'ACTIVE') {
    const { arn, identityStoreId, region } = instance
    return {
      check: passed(code, `Identity Center ${arn} in ${region} is active.`),
      found: { identityCenterArn: arn, identityStoreId, region },
    }
  }
  const expected = `an ACTIVE Identity Center that account ${parent.accountId} sees`
  if (instance !== null) {
    const actual = `${instance.arn} in ${instance.region} is ${instance.status}`
    const remediation = 'Wait until Identity Center is active (console: IAM Identity Center > Settings), then verify again.'
    return { check: failed(code, { message: 'Identity Center is not active.', expected, actual, remediation }) }
  }
  return {
    check: failed(code, {
      message: 'No Identity Center was found.',
      expected,
      actual: unanswered === null ? 'none in any region' : `none in any region that answered; ${unanswered}`,
      remediation: `Enable IAM Identity Center, or configure the account that holds it (or is its delegated administrator) as the parent. ${allowCall(parent.setup.roleName, 'sso:ListInstances')}`,
    }),
  }
}

/**
 * In the stored region, else in the default one, else in all regions at once. AWS not answering for the region that is known to hold
 * it is no finding; in the search over all, where regions may be turned off, it counts as none there.
 */
async function findInstances(
  run: Run,
  session: RoleSession,
  login: IdentityCenterLogin,
): Promise<{ instances: Instance[]; unanswered: string | null }> {
  const { partition } = session
  const stored = login.region !== null && regionBelongsTo(login.region, partition) ? login.region : null
  const first = defaultRegion(partition, run.awsRegion ?? undefined)
  const answers: Awaited<ReturnType<typeof askRegion>>[] = []
  if (stored !== null) {
    const answer = await askPatiently(run, IDENTITY_CENTER, listInstances(run, session, stored))
    if (holdsActive(answer)) return { instances: answer.value, unanswered: null }
    answers.push(answer)
  }
  if (first !== stored) {
    const answer = await askRegion(() => askPatiently(run, IDENTITY_CENTER, listInstances(run, session, first)))
    if (holdsActive(answer)) return { instances: answer.value, unanswered: null }
    answers.push(answer)
  }
  const others = regionsOf(partition).filter((region) => region !== stored && region !== first)
  const byDefault = answers.at(-1)
  answers.push(
    ...(await Promise.all(others.map((region) => askRegion(() => ask(run, IDENTITY_CENTER, listInstances(run, session, region)))))),
  )
  const instances = answers.flatMap((answer) => ('value' in answer ? answer.value : []))
  if (instances.length === 0) {
    // The default region is where it most often is: its silence leaves the question open, as the verification's end does.
    if (byDefault !== undefined && 'problem' in byDefault) throw byDefault.problem
    const cutOff = answers.find((answer) => 'problem' in answer)
    if (run.signal.aborted && cutOff !== undefined) throw cutOff.problem
  }
  return { instances, unanswered: firstReason(answers) }
}

function holdsActive<T extends object>(answer: T): answer is T & { value: Instance[] } {
  return 'value' in answer && Array.isArray(answer.value) && answer.value.some(({ status }: Instance) => status === 'ACTIVE')
}

function firstReason(answers: Awaited<ReturnType<typeof askRegion>>[]): string | null {
  const refused = answers.find((answer) => 'refusal' in answer)
  if (refused !== undefined) return describe(refused.refusal)
  return answers.find((answer) => 'problem' in answer)?.problem.message ?? null
}

function listInstances(run: Run, session: RoleSession, region: string) {
  const client = run.clients.ssoAdmin(region, session.credentials)
  return async ({ abortSignal }: { abortSignal: AbortSignal }): Promise<Instance[]> => {
    const found: InstanceMetadata[] = []
    for await (const page of paginateListInstances({ client }, {}, { abortSignal })) found.push(...(page.Instances ?? []))
    return found.flatMap(({ InstanceArn: arn, IdentityStoreId: identityStoreId, OwnerAccountId, Status }) =>
      arn && identityStoreId ? [{ region, arn, identityStoreId, ownerAccountId: OwnerAccountId ?? null, status: Status ?? 'ACTIVE' }] : [],
    )
  }
}

async function askRegion(send: () => Promise<Answer<Instance[]>>): Promise<Answer<Instance[]> | { problem: UpstreamProblem }> {
  try {
    return await send()
  } catch (error) {
    if (error instanceof UpstreamProblem) return { problem: error }
    throw error
  }
}

/**
 * Of several the active one, and of those the organization-wide one: a member account that administers it sees it as another
 * account's, next to an instance of its own; the management account can have no instance but the organization's.
 */
function choose(instances: Instance[], accountId: string): Instance | null {
  const rank = ({ status, ownerAccountId }: Instance) => (status === 'ACTIVE' ? 2 : 0) + (ownerAccountId === accountId ? 0 : 1)
  return [...instances].sort((left, right) => rank(right) - rank(left))[0] ?? null
}
