import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { applySetup, breakSetup, newAccount, setAccountAlias } from '../support/aws-setup.ts'
import { accepted, itemOf, partitions, refusalOf, stagedKinds, type Tenant, tenant } from '../support/component-story.ts'

let app: TestApp
let own: Tenant
beforeAll(async () => {
  app = await startTestApp()
  own = await tenant(app)
})
afterAll(() => app.close())

const rolesOf: Record<string, string | null> = {
  IAM_ASSESSMENT: 'GatehouseIamAssessment',
  IAM_WRITE: 'GatehouseIamManager',
  FUNCTION_CALLER: 'GatehouseFunctionCaller',
  ACCESS_LOGS: null,
  INVENTORY: 'GatehouseResourceInventory',
}
const roleChecks = [
  'OIDC_PROVIDER_EXISTS',
  'ROLE_ASSUMABLE',
  'ACCOUNT_MATCHES',
  'PARTITION_MATCHES',
  'ROLE_EXISTS',
  'TRUST_POLICY_MATCHES',
  'INLINE_POLICY_EXISTS',
  'INLINE_POLICY_MATCHES',
]
const checksOf: Record<string, string[]> = {
  IAM_ASSESSMENT: roleChecks,
  IAM_WRITE: roleChecks,
  FUNCTION_CALLER: [...roleChecks, 'LAMBDA_INVOCABLE'],
  ACCESS_LOGS: [],
  INVENTORY: [...roleChecks, 'RESOURCE_EXPLORER_INDEX'],
}
const cases = stagedKinds.flatMap((kind) => partitions.map((partition) => ({ ...kind, partition })))

describe.each(cases)('$kind in $partition', ({ kind, config, partition }) => {
  test('goes from staging over verification and configuration to installed, and BASE comes and goes with it', async () => {
    const accountId = newAccount()
    const item = itemOf(kind, accountId, partition)
    const ofAccount = (): Promise<Data[]> => own.calls.all({ accountIds: [accountId] })

    const { component: staged } = accepted(await own.calls.stage(item))
    expect(staged).toMatchObject({
      kind,
      itemId: item.itemId,
      label: item.itemId,
      partition,
      state: 'STAGE',
      version: 1,
      health: 'UNKNOWN',
    })
    expect(staged.setup?.roleName ?? null).toBe(rolesOf[kind])
    expect(staged.awsAccount).toMatchObject({ accountId, partition, alias: null })
    const base = (await ofAccount()).find((component) => component.kind === 'BASE')
    expect(base).toMatchObject({ itemId: accountId, state: 'INSTALLED', health: 'UNKNOWN', allowedActions: [], partition, setup: null })
    expect(base).toMatchObject({ subject: `organization:${own.id}`, issuer: app.url, serviceAccountId: expect.stringMatching(/^\d{21}$/) })
    expect(base.serviceAccountEmail).toContain(own.id)
    if (staged.setup) expect(staged.setup.serviceAccountId).toBe(base.serviceAccountId)

    applySetup(app.aws, staged)
    setAccountAlias(app.aws, staged, `alias-${accountId}-${partition.length}`)
    const { component: verified, verification } = accepted(await own.calls.verify(staged.id, 1))
    expect(verified).toMatchObject({ id: staged.id, state: 'CONFIGURE', version: 2, health: 'UNKNOWN', setup: staged.setup })
    expect(verification).toMatchObject({ trigger: 'VERIFY', outcome: 'PASSED' })
    expect(verification.checks.map(({ code }: Data) => code)).toEqual(['SERVICE_ACCOUNT_CONFIGURED', ...(checksOf[kind] ?? [])])
    expect(verified.lastVerification).toEqual({ id: verification.id, outcome: 'PASSED' })

    const { component: installed, verification: second } = accepted(await own.calls.configure(staged.id, config, 2))
    expect(installed).toMatchObject({ id: staged.id, state: 'INSTALLED', version: 3, health: 'HEALTHY' })
    expect(second).toMatchObject({ trigger: 'CONFIGURE', outcome: 'PASSED' })
    // ACCESS_LOGS without a store looks at no role, so nothing reads the alias.
    expect(installed.label).toBe(kind === 'ACCESS_LOGS' ? item.itemId : `alias-${accountId}-${partition.length}`)

    const history = await historyOf(staged.id)
    expect(history.transitions.map(({ action, fromState, toState }: Data) => [action, fromState, toState])).toEqual([
      ['CONFIGURE', 'CONFIGURE', 'INSTALLED'],
      ['VERIFY', 'STAGE', 'CONFIGURE'],
      ['STAGE', null, 'STAGE'],
    ])
    expect(history.events).toEqual([
      ['component.configure', 'SUCCEEDED'],
      ['component.verify', 'SUCCEEDED'],
      ['component.stage', 'SUCCEEDED'],
    ])

    const removed = accepted(await own.calls.remove(staged.id, 3))
    expect(removed).toMatchObject({ alreadyAbsent: false, organization: { id: own.id } })
    expect(removed.deletedIds.sort()).toEqual([staged.id, base.id].sort())
    expect(await ofAccount()).toEqual([])
    expect(await own.calls.read(base.id)).toBeNull()
    expect(accepted(await own.calls.remove(staged.id))).toMatchObject({ deletedIds: [], alreadyAbsent: true })
  })
})

const withRole = stagedKinds.filter(({ kind }) => kind !== 'ACCESS_LOGS')

describe.concurrent.each(withRole)('$kind that AWS does not bear out', ({ kind, config }) => {
  test('stays where it is; the report is kept and told, and the attempt stands in the audit as refused', async () => {
    const { component: staged } = accepted(await own.calls.stage(itemOf(kind)))
    const failed = await own.calls.verify(staged.id)
    expect(refusalOf(failed)).toEqual(['VerificationError', 'VERIFICATION_FAILED', 'input.id'])
    expect(failed.component).toEqual({ ...staged, lastVerification: { id: failed.verification.id, outcome: 'FAILED' } })
    expect(failed.errors[0].verification).toMatchObject({ id: failed.verification.id, component: { id: staged.id } })
    expect(failed.errors[0].verification.checks).toEqual(failed.verification.checks)
    for (const check of failed.verification.checks.filter(({ status }: Data) => status === 'FAILED')) {
      expect(check).toMatchObject({
        expected: expect.stringMatching(/./),
        actual: expect.stringMatching(/./),
        remediation: expect.stringMatching(/./),
      })
    }
    expect((await historyOf(staged.id)).events[0]).toEqual(['component.verify', 'REFUSED'])

    applySetup(app.aws, staged)
    accepted(await own.calls.verify(staged.id))
    breakSetup(app.aws, staged)
    const before = await own.calls.read(staged.id)
    const refused = await own.calls.configure(staged.id, config)
    expect(refusalOf(refused)).toEqual(['VerificationError', 'VERIFICATION_FAILED', 'input.id'])
    expect(refused.verification).toMatchObject({ trigger: 'CONFIGURE', outcome: 'FAILED' })
    const after = await own.calls.read(staged.id)
    expect(after).toEqual({ ...before, lastVerification: { id: refused.verification.id, outcome: 'FAILED' } })
    const history = await historyOf(staged.id)
    expect(history.events.slice(0, 2)).toEqual([
      ['component.configure', 'REFUSED'],
      ['component.verify', 'SUCCEEDED'],
    ])
    expect(history.verifications.map(({ outcome, trigger }: Data) => [trigger, outcome])).toEqual([
      ['CONFIGURE', 'FAILED'],
      ['VERIFY', 'PASSED'],
      ['VERIFY', 'FAILED'],
    ])
    expect(history.transitions).toHaveLength(2)
  })
})

test('verifying an INSTALLED one sets its health and nothing else: neither version nor updatedAt nor a transition', async () => {
  const installed = await own.bring(itemOf('INVENTORY'), 'INSTALLED')
  const { transitions } = await historyOf(installed.id)
  breakSetup(app.aws, installed)
  const drifted = await own.calls.verify(installed.id)
  expect(refusalOf(drifted)[0]).toBe('VerificationError')
  expect(drifted.component).toEqual({
    ...installed,
    health: 'DRIFTED',
    lastVerification: { id: drifted.verification.id, outcome: 'FAILED' },
  })
  applySetup(app.aws, installed)
  const { component, verification } = accepted(await own.calls.verify(installed.id))
  expect(component).toEqual({ ...installed, lastVerification: { id: verification.id, outcome: 'PASSED' } })
  expect((await historyOf(installed.id)).transitions).toEqual(transitions)
})

test('verifying one in CONFIGURE looks again and stays, whatever AWS says', async () => {
  const configurable = await own.bring(itemOf('IAM_ASSESSMENT'), 'CONFIGURE')
  const again = accepted(await own.calls.verify(configurable.id))
  expect(again.component).toMatchObject({ state: 'CONFIGURE', version: 2 })
  breakSetup(app.aws, configurable)
  const failed = await own.calls.verify(configurable.id)
  expect(refusalOf(failed)[0]).toBe('VerificationError')
  expect(failed.component).toMatchObject({ state: 'CONFIGURE', version: 2, health: 'UNKNOWN' })
})

test('the label is the alias once one was read, follows it, and is the item id again when the account has none', async () => {
  const installed = await own.bring(itemOf('INVENTORY'), 'INSTALLED')
  expect(installed.label).toBe(installed.itemId)
  for (const alias of ['first-alias', 'second-alias', undefined]) {
    setAccountAlias(app.aws, installed, alias)
    const { component } = accepted(await own.calls.verify(installed.id))
    expect(component).toMatchObject({ label: alias ?? installed.itemId, version: 3, updatedAt: installed.updatedAt })
  }
})

test('the last 50 verifications are kept, and besides, for 90 days, those whose outcome changed', async () => {
  const staged = await own.bring(itemOf('ACCESS_LOGS'), 'CONFIGURE')
  const first = staged.lastVerification.id
  for (let round = 0; round < 55; round++) accepted(await own.calls.verify(staged.id))
  const { verifications, count } = await historyOf(staged.id)
  // The first one ever counts as a change.
  expect(count).toBe(51)
  expect(verifications.at(-1).id).toBe(first)
  const { pool } = app.booted.services.db
  await pool.query(`update "Verification" set "finishedAt" = now() - interval '91 days' where "id" = $1`, [first])
  accepted(await own.calls.verify(staged.id))
  expect((await historyOf(staged.id)).count).toBe(50)
})

/** Newest first. */
async function historyOf(id: string): Promise<{ transitions: Data[]; verifications: Data[]; count: number; events: [string, string][] }> {
  const { component, organization } = await own.ask(
    `query ($id: ID!, $organization: ID!) {
      component(id: $id) { transitions(first: 200) { nodes { id action fromState toState actor { kind } } } verifications(first: 200) { totalCount nodes { id trigger outcome } } }
      organization(id: $organization) { auditEvents(filter: { subjectIds: [$id] }) { nodes { action outcome } } }
    }`,
    { id, organization: own.id },
  )
  return {
    transitions: component.transitions.nodes,
    verifications: component.verifications.nodes,
    count: component.verifications.totalCount,
    events: organization.auditEvents.nodes.map(({ action, outcome }: Data) => [action, outcome]),
  }
}
