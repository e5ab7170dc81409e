import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { putIdentityCenterInstance } from '../../emulator/services/identity-center.ts'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { awsAccountOf, newAccount, putEventDataStore } from '../support/aws-setup.ts'
import { accepted, itemOf, type Tenant, tenant } from '../support/component-story.ts'

let app: TestApp
let own: Tenant
beforeAll(async () => {
  app = await startTestApp({ worker: true })
  own = await tenant(app)
})
afterAll(() => app.close())

/** An INSTALLED component and an INSTALLED one that works through it. */
const pairs: { needed: string; dependant: string; make(): Promise<[needed: Data, dependant: Data]> }[] = [
  {
    needed: 'IAM_ASSESSMENT',
    dependant: 'ACCESS_LOGS with an event data store',
    async make() {
      const account = newAccount()
      const cloudLakeArn = `arn:aws:cloudtrail:us-east-2:${account}:eventdatastore/0f9a0000-1111-2222-3333-444455556666`
      putEventDataStore(app.aws, cloudLakeArn)
      const assessment = await own.bring(itemOf('IAM_ASSESSMENT', account), 'INSTALLED')
      return [assessment, await own.bring(itemOf('ACCESS_LOGS', account), 'INSTALLED', { accessLogs: { cloudLakeArn } })]
    },
  },
  {
    needed: "the parent's IAM_WRITE",
    dependant: 'IAM_WRITE with Identity Center',
    async make() {
      const parent = await own.bring(itemOf('IAM_WRITE'), 'INSTALLED')
      putIdentityCenterInstance(awsAccountOf(app.aws, parent), 'us-east-1', app.aws.state.now())
      const login = { identityCenter: { parentAccountId: parent.itemId, identity: 'EMAIL' } }
      return [parent, await own.bring(itemOf('IAM_WRITE'), 'INSTALLED', { iamWrite: { login } })]
    },
  },
]
const losses: { how: string; lose(component: Data): Promise<Data> }[] = [
  { how: 'removing', lose: ({ id }) => own.calls.remove(id) },
  { how: 'staging again', lose: ({ kind, itemId }) => own.calls.stage({ kind, itemId, allowRestage: true }) },
]
const cases = pairs.flatMap((pair) => losses.map((loss) => ({ ...pair, ...loss })))

test.each(cases)('$how $needed is allowed, and makes $dependant DRIFTED', async ({ make, lose }) => {
  const [needed, dependant] = await make()
  expect(dependant).toMatchObject({ state: 'INSTALLED', health: 'HEALTHY' })
  accepted(await lose(needed))
  const drifted = await vi.waitFor(
    async () => {
      const component = await own.calls.read(dependant.id)
      expect(component.health).toBe('DRIFTED')
      return component
    },
    { timeout: 15_000, interval: 100 },
  )
  expect(drifted).toEqual({ ...dependant, health: 'DRIFTED', lastVerification: drifted.lastVerification })
  const { component, organization } = await own.ask(
    `{ component(id: "${dependant.id}") { lastVerification { trigger outcome checks { code status remediation } } }
       organization(id: "${own.id}") { auditEvents(filter: { subjectIds: ["${dependant.id}"], action: "component.health" }) { nodes { outcome actor { kind } before after } } } }`,
  )
  expect(component.lastVerification).toMatchObject({ trigger: 'SCHEDULED', outcome: 'FAILED' })
  expect(component.lastVerification.checks.filter(({ status }: Data) => status === 'FAILED')).toMatchObject([
    { remediation: expect.stringContaining(needed.itemId) },
  ])
  expect(organization.auditEvents.nodes).toMatchObject([
    { outcome: 'SUCCEEDED', actor: { kind: 'SYSTEM' }, before: { health: 'HEALTHY' }, after: { health: 'DRIFTED' } },
  ])
})

test('what is not worked through is left alone: removing an IAM_ASSESSMENT that nobody reads through queues nothing', async () => {
  const account = newAccount()
  const assessment = await own.bring(itemOf('IAM_ASSESSMENT', account), 'INSTALLED')
  // Without an event data store it needs no IAM_ASSESSMENT.
  const logs = await own.bring(itemOf('ACCESS_LOGS', account), 'INSTALLED')
  await own.bring(itemOf('IAM_WRITE', account), 'INSTALLED')
  accepted(await own.calls.remove(assessment.id))
  const { rows } = await app.booted.services.db.pool.query('select 1 from graphile_worker.jobs')
  expect(rows).toEqual([])
  expect(await own.calls.read(logs.id)).toEqual(logs)
})
