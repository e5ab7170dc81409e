import { type ComponentState, WholeOnboardingDocument, type WholeOnboardingQuery } from '../generated/operations.ts'
import { type Gatehouse, itemsOf } from '../shared/gatehouse.ts'
import type { Components, Wanted } from './components.ts'

type Found = NonNullable<NonNullable<NonNullable<WholeOnboardingQuery['organization']>['awsIntegration']>['components']>['nodes'][number]

const states: (ComponentState | null)[] = [null, 'STAGE', 'CONFIGURE', 'INSTALLED']
/** Components listed with what ails them; the rest is counted. */
const maxListed = 50

/** Everything as it stands, in one nested query, a page at a time. */
export async function readWhole(gatehouse: Gatehouse, organizationId: string, components: Components): Promise<Map<Wanted, Found>> {
  const whole = new Map<Wanted, Found>()
  const readPage = async (after: string | null) => {
    const { organization } = await gatehouse.ask(WholeOnboardingDocument, { organizationId, filter: components.filter, after })
    return organization?.awsIntegration?.components
  }
  for await (const found of itemsOf(readPage)) {
    const wanted = components.find(found.kind, found.itemId)
    if (wanted) whole.set(wanted, found)
  }
  return whole
}

/** Per kind how many are in which state, then what is not installed, or installed and not well, with what AWS's checks say about it. */
export function reportOf(components: Components, whole: Map<Wanted, Found>): string {
  const stateOf = (wanted: Wanted) => whole.get(wanted)?.state ?? null
  const kinds = [...new Set(components.all.map(({ kind }) => kind))]
  const row = (title: string, cells: (string | number)[]) =>
    `  ${title.padEnd(16)}${cells.map((cell) => String(cell).padStart(11)).join('')}`
  const counts = (kind: string) => states.map((state) => components.all.filter((one) => one.kind === kind && stateOf(one) === state).length)
  const table = [row('', ['absent', 'STAGE', 'CONFIGURE', 'INSTALLED']), ...kinds.map((kind) => row(kind, counts(kind)))]
  const missing = components.all.filter((wanted) => stateOf(wanted) !== 'INSTALLED')
  const unwell = components.all.filter((wanted) => isUnwell(whole.get(wanted)))
  return [
    ...table,
    ...section('Not installed', missing, whole),
    ...section('Installed, but AWS is no longer as it has to be, or does not answer', unwell, whole),
  ].join('\n')
}

const isUnwell = (found: Found | undefined) =>
  found?.state === 'INSTALLED' && (found.health === 'DRIFTED' || found.health === 'UNREACHABLE')

function section(title: string, wanted: Wanted[], whole: Map<Wanted, Found>): string[] {
  if (wanted.length === 0) return []
  const lines = wanted.slice(0, maxListed).flatMap((one) => linesOf(one, whole.get(one)))
  const more = wanted.length > maxListed ? [`  … and ${wanted.length - maxListed} more`] : []
  return ['', `${title} (${wanted.length}):`, ...lines, ...more]
}

function linesOf({ account, kind, problem }: Wanted, found: Found | undefined): string[] {
  const state = found ? (found.state === 'INSTALLED' ? found.health : found.state) : 'absent'
  const failed = found?.lastVerification?.checks.filter(({ status }) => status === 'FAILED') ?? []
  const checks = failed.flatMap(({ code, message, remediation }) => [
    `    ${code}: ${message}`,
    ...(remediation ? [`      To mend it: ${remediation}`] : []),
  ])
  // What the checks say in detail need not be said in general.
  const reason = problem !== null && checks.length === 0 ? [`    ${problem}`] : []
  const label = account.label || (found?.label === account.id ? '' : found?.label)
  return [`  ${[account.id, label, kind, state].filter(Boolean).join('  ')}`, ...reason, ...checks]
}
