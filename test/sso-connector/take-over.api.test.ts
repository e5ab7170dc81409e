import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'
import { type Nsd, startNsd, withoutNsd } from '../support/nsd.ts'
import { rowsOf } from '../support/rows.ts'
import { auditOf, type Connector, call, create, done, enable, looked, lookUpAfter, read, until } from './connectors.ts'

// Each look-up is a job of its own, and most tests are days long.
vi.setConfig({ testTimeout: 60_000 })

let app: TestApp
let nsd: Nsd

interface Side {
  organization: TestOrganization
  connector: Connector
}

/** Two organizations that both have shown that the domain is their own; the first has it enabled. */
async function twoVerified(name: string): Promise<[holder: Side, rival: Side]> {
  const sides: Side[] = []
  for (const title of ['Holder', 'Rival']) {
    const organization = await app.organization(title)
    const connector = await create(organization, `${name}.example`)
    sides.push({ organization, connector: await until(organization, connector.id, looked(1)) })
  }
  const [holder, rival] = sides as [Side, Side]
  await publish(name, holder, rival)
  for (const side of [holder, rival]) side.connector = await lookUpAfter(app, side.organization, side.connector.id, 1)
  holder.connector = done(await enable(holder.organization, holder.connector.id))
  return [holder, rival]
}

const publish = (name: string, ...sides: Side[]) =>
  nsd.serve(`${name} TXT "v=spf1 -all"`, ...sides.map(({ connector }) => `${name} TXT "${connector.verification.code}"`))

describe.skipIf(withoutNsd)('a domain that another organization has enabled', () => {
  beforeAll(async () => {
    nsd = await startNsd()
    app = await startTestApp({ worker: true, env: { GATEHOUSE_DNS_SERVERS: nsd.address } })
  })
  afterAll(async () => {
    await app?.close()
    await nsd?.close()
  })

  test('is free again as soon as that one disables it', async () => {
    const [holder, rival] = await twoVerified('polite')
    const refused = await enable(rival.organization, rival.connector.id)
    expect(refused.errors).toMatchObject([{ __typename: 'PreconditionError', code: 'PRECONDITION_FAILED', path: ['input', 'enabled'] }])
    done(await call(holder.organization, 'updateSsoConnector', { id: holder.connector.id, enabled: false }))
    expect(done(await enable(rival.organization, rival.connector.id)).enabled).toBe(true)
  })

  test("can be taken over once the holder's record has been clearly missing for 72 hours, and not before; both audits tell it, neither names the other", async () => {
    const [holder, rival] = await twoVerified('taken')
    await publish('taken', rival)
    for (const hours of [24, 24, 24]) {
      await lookUpAfter(app, holder.organization, holder.connector.id, hours)
      const before = await rowsOf(app, holder.organization.id)
      expect((await enable(rival.organization, rival.connector.id)).errors).toMatchObject([{ code: 'PRECONDITION_FAILED' }])
      expect(await rowsOf(app, holder.organization.id)).toEqual(before)
    }
    await lookUpAfter(app, holder.organization, holder.connector.id, 24)
    expect(done(await enable(rival.organization, rival.connector.id)).enabled).toBe(true)
    const after = await read(holder.organization, holder.connector.id)
    expect(after).toMatchObject({
      enabled: false,
      version: holder.connector.version + 1,
      verification: { status: 'VERIFIED', statusMessage: expect.stringMatching(/another organization/) },
    })
    const told = {
      taken: await auditOf(holder.organization, holder.connector.id),
      taker: await auditOf(rival.organization, rival.connector.id),
    }
    expect(told.taken[0]).toMatchObject({
      action: 'ssoConnector.disable',
      actor: { kind: 'SYSTEM' },
      before: { enabled: true },
      after: { enabled: false, reason: 'TAKEN_OVER' },
    })
    expect(told.taker[0]).toMatchObject({
      action: 'ssoConnector.enable',
      actor: { kind: 'API_KEY' },
      before: { enabled: false },
      after: { enabled: true, reason: 'TOOK_OVER' },
    })
    expect(JSON.stringify([told.taken, after])).not.toContain(rival.organization.id)
    expect(JSON.stringify([told.taken, after])).not.toContain(rival.connector.id)
    expect(JSON.stringify(told.taker)).not.toContain(holder.organization.id)

    // Taken once: what the taker does from now on is none of the former holder's business.
    const left = await rowsOf(app, holder.organization.id)
    done(await call(rival.organization, 'updateSsoConnector', { id: rival.connector.id, enabled: false }))
    done(await enable(rival.organization, rival.connector.id))
    expect(await rowsOf(app, holder.organization.id)).toEqual(left)

    // Its record back, the former holder is refused as anyone would be: the taker's record is there.
    await publish('taken', holder, rival)
    await lookUpAfter(app, holder.organization, holder.connector.id, 24)
    expect((await enable(holder.organization, holder.connector.id)).errors).toMatchObject([{ code: 'PRECONDITION_FAILED' }])
  })

  test('cannot be taken over after one look-up without the record and days without an answer', async () => {
    const [holder, rival] = await twoVerified('dark')
    await publish('dark', rival)
    await lookUpAfter(app, holder.organization, holder.connector.id, 24)
    await nsd.stop()
    for (const hours of [24, 24, 24, 24]) await lookUpAfter(app, holder.organization, holder.connector.id, hours)
    expect((await enable(rival.organization, rival.connector.id)).errors).toMatchObject([{ code: 'PRECONDITION_FAILED' }])
    await nsd.start()
    await lookUpAfter(app, holder.organization, holder.connector.id, 24)
    expect(done(await enable(rival.organization, rival.connector.id)).enabled).toBe(true)
  })

  test('cannot be taken over where the record was back in between', async () => {
    const [holder, rival] = await twoVerified('brief')
    await publish('brief', rival)
    for (const hours of [24, 24, 24]) await lookUpAfter(app, holder.organization, holder.connector.id, hours)
    await publish('brief', holder, rival)
    await lookUpAfter(app, holder.organization, holder.connector.id, 24)
    await publish('brief', rival)
    for (const hours of [24, 24]) await lookUpAfter(app, holder.organization, holder.connector.id, hours)
    expect((await enable(rival.organization, rival.connector.id)).errors).toMatchObject([{ code: 'PRECONDITION_FAILED' }])
  })

  test('is free when its holder failed or was deleted', async () => {
    const [failed, first] = await twoVerified('failed')
    await publish('failed', first)
    await lookUpAfter(app, failed.organization, failed.connector.id, 24)
    await lookUpAfter(app, failed.organization, failed.connector.id, 168)
    expect(done(await enable(first.organization, first.connector.id)).enabled).toBe(true)

    const [deleted, second] = await twoVerified('deleted')
    await app.send(
      deleted.organization.key,
      `mutation { deleteOrganization(input: { id: "${deleted.organization.id}", confirmSlug: "${deleted.organization.slug}" }) { errors { message } } }`,
    )
    expect(done(await enable(second.organization, second.connector.id)).enabled).toBe(true)
  })
})
