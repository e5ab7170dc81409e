import type { Data, TestApp, TestOrganization } from './app.ts'
import { applySetup, newAccount } from './aws-setup.ts'
import { type ComponentCalls, componentCalls } from './component-calls.ts'

export type StagedKind = 'IAM_ASSESSMENT' | 'IAM_WRITE' | 'FUNCTION_CALLER' | 'ACCESS_LOGS' | 'INVENTORY'
export type Partition = 'AWS' | 'AWS_US_GOV'
export type State = 'STAGE' | 'CONFIGURE' | 'INSTALLED'

/** Every kind a caller can stage, with the smallest configuration that installs it. */
export const stagedKinds: { kind: StagedKind; config: object }[] = [
  { kind: 'IAM_ASSESSMENT', config: { iamAssessment: {} } },
  { kind: 'IAM_WRITE', config: { iamWrite: { login: { iam: { identity: 'EMAIL' } } } } },
  { kind: 'FUNCTION_CALLER', config: { functionCaller: {} } },
  { kind: 'ACCESS_LOGS', config: { accessLogs: {} } },
  { kind: 'INVENTORY', config: { inventory: { confirm: true } } },
]
export const partitions: Partition[] = ['AWS', 'AWS_US_GOV']

export const configOf = (kind: StagedKind): object => stagedKinds.find((known) => known.kind === kind)?.config ?? {}

export function functionArn(accountId: string, partition: Partition = 'AWS', name = 'approve'): string {
  return partition === 'AWS'
    ? `arn:aws:lambda:eu-west-1:${accountId}:function:${name}`
    : `arn:aws-us-gov:lambda:us-gov-east-1:${accountId}:function:${name}`
}

export function itemOf(kind: StagedKind, accountId = newAccount(), partition: Partition = 'AWS') {
  return { kind, itemId: kind === 'FUNCTION_CALLER' ? functionArn(accountId, partition) : accountId, partition }
}

export interface Tenant extends TestOrganization {
  calls: ComponentCalls
  /** Stages the item, does what AWS needs and takes the component to that state. Fails where any step is refused. */
  bring(item: { kind: StagedKind; itemId: string; partition?: Partition }, state: State, config?: object): Promise<Data>
}

/** An organization with its AWS integration installed. */
export async function tenant(app: TestApp): Promise<Tenant> {
  const organization = await app.organization()
  const calls = componentCalls(organization)
  await calls.install()
  const bring: Tenant['bring'] = async (item, state, config = configOf(item.kind)) => {
    let { component } = accepted(await calls.stage(item))
    applySetup(app.aws, component)
    if (state !== 'STAGE') component = accepted(await calls.verify(component.id)).component
    if (state === 'INSTALLED') component = accepted(await calls.configure(component.id, config)).component
    if (component.state !== state) throw new Error(`${item.kind} was brought to ${component.state}, not to ${state}`)
    return component
  }
  return { ...organization, calls, bring }
}

/** The payload, unless it holds refusals. */
export function accepted(payload: Data): Data {
  if (payload.errors.length > 0) throw new Error(`refused: ${JSON.stringify(payload.errors, null, 2)}`)
  return payload
}

/** The one refusal of a payload, as `[__typename, code, path]`. */
export function refusalOf(payload: Data): [string, string, string] {
  const [error, ...more] = payload.errors
  if (!error || more.length > 0) throw new Error(`not refused once: ${JSON.stringify(payload.errors)}`)
  return [error.__typename, error.code, error.path.join('.')]
}
