import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'
import { type Nsd, startNsd, withoutNsd } from '../support/nsd.ts'
import { auditOf, type Connector, call, create, done, enable, letTimePass, looked, lookUpAfter, read, until } from './connectors.ts'

// Each look-up is a job of its own, and some tests are weeks long.
vi.setConfig({ testTimeout: 60_000 })

let app: TestApp
let nsd: Nsd
let organization: TestOrganization

const zone = new Map<string, string[]>()
/** What the name server says of a name below `example.`, besides what it says of the others. */
const publish = (name: string, ...records: string[]) => {
  zone.set(name, records)
  return nsd.serve(...[...zone].flatMap(([owner, list]) => list.map((record) => `${owner} ${record}`)))
}
const txt = (...chunks: string[]) => `TXT ${chunks.map((chunk) => `"${chunk}"`).join(' ')}`

describe.skipIf(withoutNsd)('with a real name server', () => {
  beforeAll(async () => {
    nsd = await startNsd()
    app = await startTestApp({ worker: true, env: { GATEHOUSE_DNS_SERVERS: nsd.address } })
    organization = await app.organization()
  })
  afterAll(async () => {
    await app?.close()
    await nsd?.close()
  })

  describe('one look-up after the record was published', () => {
    const table: {
      name: string
      domain: string
      zone: (code: string) => Record<string, string[]>
      status: string
      message: RegExp | null
    }[] = [
      { name: 'the record', domain: 'plain.example', zone: (code) => ({ plain: [txt(code)] }), status: 'VERIFIED', message: null },
      {
        name: 'in chunks',
        domain: 'chunks.example',
        zone: (code) => ({ chunks: [txt(code.slice(0, 5), code.slice(5, 40), code.slice(40))] }),
        status: 'VERIFIED',
        message: null,
      },
      {
        name: 'among others',
        domain: 'among.example',
        zone: (code) => ({ among: [txt('v=spf1 -all'), txt(code), txt('gatehouse-sso-verification=00000000000000000000000000000000')] }),
        status: 'VERIFIED',
        message: null,
      },
      { name: 'no such name', domain: 'nobody.example', zone: () => ({}), status: 'PENDING', message: /NXDOMAIN/ },
      { name: 'no TXT record', domain: 'mail.example', zone: () => ({ mail: ['MX 10 ns'] }), status: 'PENDING', message: /no TXT record/ },
      {
        name: 'another code',
        domain: 'wrong.example',
        zone: () => ({ wrong: [txt('gatehouse-sso-verification=00000000000000000000000000000000')] }),
        status: 'PENDING',
        message: /none that is exactly this code/,
      },
      {
        name: 'the code with something around it, in another case, or in two records',
        domain: 'almost.example',
        zone: (code) => ({
          almost: [
            txt(`${code} `),
            txt(` ${code}`),
            txt(code.toUpperCase()),
            txt(code.split('=')[1] ?? ''),
            txt(code.slice(0, 30)),
            txt(code.slice(30)),
          ],
        }),
        status: 'PENDING',
        message: /none that is exactly this code/,
      },
      {
        name: 'at a name below or above the domain',
        domain: 'middle.tree.example',
        zone: (code) => ({ 'below.middle.tree': [txt(code)], tree: [txt(code)], 'middle.tree': ['A 127.0.0.1'] }),
        status: 'PENDING',
        message: /no TXT record/,
      },
      {
        name: 'at the name that the domain is an alias of',
        domain: 'alias.example',
        zone: (code) => ({ alias: ['CNAME target'], target: [txt(code)] }),
        status: 'PENDING',
        message: /CNAME/,
      },
      { name: 'SERVFAIL', domain: 'broken.example', zone: () => ({}), status: 'PENDING', message: /SERVFAIL/ },
      { name: 'REFUSED', domain: 'elsewhere.test', zone: () => ({}), status: 'PENDING', message: /REFUSED/ },
    ]
    const connectors = new Map<string, Connector>()
    beforeAll(async () => {
      for (const { domain, zone: records } of table) {
        const { id, verification } = await create(organization, domain)
        for (const [name, list] of Object.entries(records(verification.code))) zone.set(name, list)
        connectors.set(domain, await until(organization, id, looked(1)))
      }
      await publish('ready', txt('ready'))
    })

    test.each(table)('$name: $status', async ({ domain, status, message }) => {
      const before = connectors.get(domain)!
      const after = await lookUpAfter(app, organization, before.id, 1)
      expect(after.verification).toMatchObject({ status, attempts: 2, dnsRecordName: domain, code: before.verification.code })
      expect(after.enabled).toBe(false)
      if (message) expect(after.verification.statusMessage).toMatch(message)
      else expect(after.verification.statusMessage).toBeNull()
    })

    test('after 48 hours what is clearly not there has FAILED, and what nobody knows has not', async () => {
      for (const { domain, status, message } of table.filter((row) => row.status === 'PENDING')) {
        const { verification } = await lookUpAfter(app, organization, connectors.get(domain)!.id, 48)
        const isUnclear = ['broken.example', 'elsewhere.test'].includes(domain)
        expect([domain, verification.status]).toEqual([domain, isUnclear ? status : 'FAILED'])
        expect(verification.statusMessage).toMatch(message!)
        if (!isUnclear)
          expect(verification).toMatchObject({
            nextCheckAt: null,
            expiresAt: null,
            statusMessage: expect.stringMatching(/Begin verification again/),
          })
      }
    })
  })

  test('the first look-up comes at once, the second a minute later, then twice as long each, and the last when the time is over', async () => {
    const { id, verification } = await create(organization, 'slow.example')
    const beganAt = Date.parse(verification.nextCheckAt!)
    expect(Date.parse(verification.expiresAt!) - beganAt).toBe(48 * 3_600_000)
    const minutes: number[] = []
    let connector = await until(organization, id, looked(1))
    for (let n = 0; n < 9; n++) {
      const { nextCheckAt, lastCheckedAt } = connector.verification
      minutes.push((Date.parse(nextCheckAt!) - Date.parse(lastCheckedAt!)) / 60_000)
      connector = await lookUpAfter(app, organization, id, minutes.at(-1)! / 60)
    }
    expect(minutes).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60])
    const { expiresAt } = connector.verification
    await letTimePass(app, id, (Date.parse(expiresAt!) - Date.now()) / 3_600_000 - 0.5)
    connector = await until(organization, id, looked(11))
    expect(connector.verification).toMatchObject({ status: 'PENDING', nextCheckAt: connector.verification.expiresAt })
  })

  test('a server that is down and back again: nothing counts meanwhile, and then the record is found', async () => {
    const { id, verification } = await create(organization, 'down.example')
    await until(organization, id, looked(1))
    await publish('down', txt(verification.code))
    await nsd.stop()
    for (const hours of [1, 1, 50]) {
      expect((await lookUpAfter(app, organization, id, hours)).verification).toMatchObject({
        status: 'PENDING',
        statusMessage: expect.stringMatching(/could be reached/),
      })
    }
    await nsd.start()
    expect((await lookUpAfter(app, organization, id, 1)).verification).toMatchObject({ status: 'VERIFIED', expiresAt: null })
  })

  test('begun again after it failed, only a new code counts', async () => {
    const { id, verification } = await create(organization, 'again.example')
    await until(organization, id, looked(1))
    await lookUpAfter(app, organization, id, 48)
    await publish('again', txt(verification.code))
    const begun = done(await call(organization, 'beginSsoConnectorVerification', { id }))
    expect(begun.verification).toMatchObject({ status: 'PENDING', attempts: 0, lastCheckedAt: null })
    expect(begun.verification.code).not.toBe(verification.code)
    expect((await until(organization, id, looked(1))).verification.status).toBe('PENDING')
    await publish('again', txt(begun.verification.code))
    expect((await lookUpAfter(app, organization, id, 1)).verification.status).toBe('VERIFIED')
    expect((await auditOf(organization, id)).map(({ action, actor }) => [action, actor.kind])).toEqual([
      ['ssoConnector.verify', 'SYSTEM'],
      ['ssoConnector.beginVerification', 'API_KEY'],
      ['ssoConnector.fail', 'SYSTEM'],
      ['ssoConnector.create', 'API_KEY'],
    ])
  })

  describe('once verified', () => {
    async function verified(name: string): Promise<Connector> {
      const { id, verification } = await create(organization, `${name}.example`)
      await until(organization, id, looked(1))
      await publish(name, txt(verification.code))
      await lookUpAfter(app, organization, id, 1)
      return done(await enable(organization, id))
    }

    test('it is looked up daily, and a look-up that finds the record changes neither version nor updatedAt', async () => {
      const before = await verified('daily')
      const { verification } = before
      expect(Date.parse(verification.nextCheckAt!) - Date.parse(verification.lastCheckedAt!)).toBe(24 * 3_600_000)
      const after = await lookUpAfter(app, organization, before.id, 24)
      expect(after).toMatchObject({ enabled: true, version: before.version, updatedAt: before.updatedAt })
      expect(after.verification).toMatchObject({ status: 'VERIFIED', attempts: verification.attempts + 1, statusMessage: null })
    })

    test('without its record for 7 days it fails, is disabled and audited; days without an answer count as nothing', async () => {
      const { id, version } = await verified('gone')
      await publish('gone')
      for (let day = 0; day < 3; day++) {
        expect((await lookUpAfter(app, organization, id, 24)).verification.statusMessage).toMatch(/missing since/)
      }
      await nsd.stop()
      for (let day = 3; day < 9; day++) {
        expect(await lookUpAfter(app, organization, id, 24)).toMatchObject({ enabled: true, verification: { status: 'VERIFIED' } })
      }
      await nsd.start()
      expect(await lookUpAfter(app, organization, id, 24)).toMatchObject({
        enabled: false,
        version: version + 1,
        allowedActions: ['BEGIN_VERIFICATION', 'DELETE'],
        verification: { status: 'FAILED', nextCheckAt: null, statusMessage: expect.stringMatching(/missing since/) },
      })
      expect((await auditOf(organization, id))[0]).toMatchObject({
        action: 'ssoConnector.fail',
        actor: { kind: 'SYSTEM' },
        before: { status: 'VERIFIED', enabled: true },
        after: { status: 'FAILED', enabled: false },
      })
    })

    test('6 days and 23 hours without its record are forgiven when it is back', async () => {
      const { id, verification } = await verified('back')
      for (const round of ['first', 'second']) {
        await publish('back')
        await lookUpAfter(app, organization, id, 24)
        expect([round, (await lookUpAfter(app, organization, id, 167)).verification.status]).toEqual([round, 'VERIFIED'])
        await publish('back', txt(verification.code))
        expect((await lookUpAfter(app, organization, id, 24)).verification).toMatchObject({ status: 'VERIFIED', statusMessage: null })
      }
    })

    test('a record that is now an alias counts as missing', async () => {
      const { id, verification } = await verified('moved')
      zone.set('moved-target', [txt(verification.code)])
      await publish('moved', 'CNAME moved-target')
      expect((await lookUpAfter(app, organization, id, 24)).verification.statusMessage).toMatch(/missing since.*CNAME/)
      expect((await lookUpAfter(app, organization, id, 168)).verification.status).toBe('FAILED')
    })
  })

  test('a connector deleted while it waits is looked up no more', async () => {
    const { id } = await create(organization, 'deleted.example')
    await until(organization, id, looked(1))
    await organization.ask(`mutation { deleteSsoConnector(input: { id: "${id}" }) { deletedIds errors { message } } }`)
    expect(await read(organization, id)).toBeNull()
    const { rows } = await app.booted.services.db.pool.query('select 1 from graphile_worker.jobs where key = $1', [`sso:${id}`])
    expect(rows).toEqual([])
  })
})
