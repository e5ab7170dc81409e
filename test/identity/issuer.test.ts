import { randomBytes } from 'node:crypto'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { pino } from 'pino'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { AwsIdentity } from '../../src/aws/aws.type.ts'
import { createIssuer, type Issuer } from '../../src/identity/issuer.ts'
import { openDatabase } from '../../src/platform/database/database.ts'
import { createLog } from '../../src/platform/log.ts'
import { createKeyring } from '../../src/secrets/keyring.ts'
import { cloneDatabase } from '../support/database.ts'

const clone = await cloneDatabase()
const database = openDatabase({ url: clone.url, poolSize: 20, applicationName: 'gatehouse-test', log: createLog('silent') })
const { pool } = database
afterAll(async () => {
  await database.close()
  await clone.drop()
})

const publicUrl = 'https://gatehouse.example.com/eu'
const keyring = createKeyring([{ id: 'k1', key: randomBytes(32) }])
const identity: AwsIdentity = {
  mode: 'issuer',
  organizationId: 'org_1',
  issuer: publicUrl,
  subject: 'organization:org_1',
  audience: '123456789012345678901',
}
const secondMs = 1000
const hourMs = 3600 * secondMs
const dayMs = 24 * hourMs

let now: number
let issuers: Issuer[]
let logged: string[]

beforeEach(() => {
  now = Date.UTC(2026, 10, 1)
  issuers = []
  logged = []
})
afterEach(() => Promise.all(issuers.map((issuer) => issuer.stop())))

/** A process of its own on the one database, with the one clock. */
function newIssuer(overrides: Partial<Parameters<typeof createIssuer>[0]> = {}): Issuer {
  const log = pino({ level: 'trace' }, { write: (line: string) => logged.push(line) })
  const issuer = createIssuer({ pool, keyring, publicUrl, awsEndpointGiven: false, log, clock: () => new Date(now), ...overrides })
  issuers.push(issuer)
  return issuer
}

async function startedIssuer(): Promise<Issuer> {
  const issuer = newIssuer()
  await issuer.start()
  return issuer
}

async function signingKid(issuer: Issuer): Promise<string | undefined> {
  return decodeProtectedHeader(await issuer.token(identity)).kid
}

function publishedKids(issuer: Issuer): string[] {
  return issuer.jwks().keys.map(({ kid }) => kid)
}

/** What AWS does: verifies by the JWKS alone. */
function verify(token: string, by: Issuer) {
  return jwtVerify(token, createLocalJWKSet(by.jwks()), {
    issuer: publicUrl,
    audience: identity.audience,
    algorithms: ['RS256'],
    currentDate: new Date(now),
  })
}

describe('a token', () => {
  test('verifies against the JWKS and holds exactly the claims AWS needs', async () => {
    const issuer = await startedIssuer()
    const { payload, protectedHeader } = await verify(await issuer.token(identity), issuer)
    const issuedAt = now / 1000
    expect(payload).toEqual({
      iss: publicUrl,
      sub: 'organization:org_1',
      aud: '123456789012345678901',
      iat: issuedAt,
      nbf: issuedAt,
      exp: issuedAt + 300,
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    expect(protectedHeader).toEqual({ alg: 'RS256', typ: 'JWT', kid: publishedKids(issuer)[0] })
  })

  test('for the decoy has the reserved subject and the same audience, and nothing of the organization else', async () => {
    const issuer = await startedIssuer()
    const real = decodeJwt(await issuer.token(identity))
    const { payload: decoy } = await verify(await issuer.token(identity, { decoy: true }), issuer)
    expect(decoy).toEqual({ ...real, sub: 'organization:decoy', jti: expect.not.stringMatching(`^${real.jti}$`) })
    expect(JSON.stringify(decoy)).not.toContain(identity.organizationId)
  })

  test('ends after five minutes', async () => {
    const issuer = await startedIssuer()
    const token = await issuer.token(identity)
    now += 299 * secondMs
    await expect(verify(token, issuer)).resolves.toBeDefined()
    now += secondMs
    await expect(verify(token, issuer)).rejects.toThrow('"exp" claim')
  })

  test('has an id of its own each time', async () => {
    const issuer = await startedIssuer()
    const tokens = await Promise.all(Array.from({ length: 10 }, () => issuer.token(identity)))
    expect(new Set(tokens.map((token) => decodeJwt(token).jti)).size).toBe(10)
  })

  test.each<[string, Partial<AwsIdentity>]>([
    ['an identity whose subject is another organization', { subject: 'organization:org_2' }],
    ['an identity whose subject is the decoy', { subject: 'organization:decoy' }],
    ['an identity of google mode', { mode: 'google', issuer: 'accounts.google.com', subject: '112233445566778899001' }],
  ])('is refused for %s', async (_what, changed) => {
    const issuer = await startedIssuer()
    for (const decoy of [false, true]) {
      await expect(issuer.token({ ...identity, ...changed }, { decoy })).rejects.toThrow('not one that this issuer signs for')
    }
  })
})

describe('what is published', () => {
  test('is the discovery document with exactly these members', async () => {
    expect((await startedIssuer()).discoveryDocument()).toEqual({
      issuer: publicUrl,
      jwks_uri: `${publicUrl}/.well-known/jwks.json`,
      authorization_endpoint: `${publicUrl}/authorize`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    })
  })

  test('is a JWKS of public members alone', async () => {
    const issuer = await startedIssuer()
    await issuer.rotate()
    expect(issuer.jwks().keys).toHaveLength(2)
    expect(Object.keys(issuer.jwks())).toEqual(['keys'])
    for (const key of issuer.jwks().keys) {
      expect(key).toEqual({
        kty: 'RSA',
        alg: 'RS256',
        use: 'sig',
        e: 'AQAB',
        n: expect.stringMatching(/^[A-Za-z0-9_-]{342}$/),
        kid: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      })
    }
  })

  test('cannot be a key that someone wrote into the database beside the sealed one', async () => {
    const published = (await startedIssuer()).jwks()
    await pool.query(`update "SigningKey" set "publicJwk" = jsonb_set("publicJwk", '{n}', '"AAAA"')`)
    expect((await startedIssuer()).jwks()).toEqual(published)
  })

  test('lies in the database with its private half sealed', async () => {
    await startedIssuer()
    const { rows } = await pool.query<{ row: string }>('select row_to_json(k)::text as "row" from "SigningKey" k')
    expect(rows.length).toBeGreaterThan(0)
    expect(rows.map(({ row }) => row).join()).not.toMatch(/PRIVATE KEY|"(d|p|q|dp|dq|qi)"/)
  })
})

describe('signing keys', () => {
  beforeEach(async () => {
    await pool.query('delete from "SigningKey"')
  })

  test('20 processes that start at once on an empty database share one key, which signs at once', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => startedIssuer()))
    expect(new Set(all.flatMap(publishedKids)).size).toBe(1)
    for (const issuer of all) await expect(verify(await issuer.token(identity), all[0]!)).resolves.toBeDefined()
  })

  test('outlive every process', async () => {
    const before = await startedIssuer()
    const token = await before.token(identity)
    await before.stop()
    await expect(verify(token, await startedIssuer())).resolves.toBeDefined()
  })

  test('a rotation: the new key is published 24 hours before it signs, the old one 24 hours after it stopped', async () => {
    const [a, b] = [await startedIssuer(), await startedIssuer()]
    const old = await signingKid(a)
    const { rotated, kid: fresh, signsFrom } = await a.rotate()
    expect({ rotated, signsFrom }).toEqual({ rotated: true, signsFrom: new Date(now + dayMs) })
    await b.refresh()
    const timeline: [number, string | undefined, (string | undefined)[]][] = [
      [0, old, [old, fresh]],
      [dayMs - 1, old, [old, fresh]],
      [dayMs, fresh, [old, fresh]],
      [2 * dayMs - 1, fresh, [old, fresh]],
      [2 * dayMs, fresh, [fresh]],
    ]
    const start = now
    for (const [afterMs, signing, published] of timeline) {
      now = start + afterMs
      for (const issuer of [a, b, await startedIssuer()]) {
        expect(await signingKid(issuer)).toBe(signing)
        expect(publishedKids(issuer)).toEqual(published)
      }
    }
  })

  test('whatever a process signs with, each other has published, all through a rotation and refreshes a minute apart', async () => {
    const [a, b] = [await startedIssuer(), await startedIssuer()]
    await a.rotate()
    for (let hour = 0; hour < 50; hour++) {
      for (const [signer, other] of [
        [a, b],
        [b, a],
      ] as const)
        await expect(verify(await signer.token(identity), other)).resolves.toBeDefined()
      now += 60 * secondMs
      await b.refresh()
      now += hourMs
      await a.refresh()
    }
  })

  test('a leak: the new key signs at once and every other leaves the JWKS at once, one that waits too', async () => {
    const [a, b] = [await startedIssuer(), await startedIssuer()]
    const { kid: waiting } = await a.rotate()
    const { rotated, kid: fresh, signsFrom } = await a.rotate({ now: true })
    expect({ rotated, signsFrom }).toEqual({ rotated: true, signsFrom: new Date(now) })
    await b.refresh()
    for (const afterMs of [0, dayMs, 3 * dayMs]) {
      now += afterMs
      for (const issuer of [a, b, await startedIssuer()]) {
        expect(await signingKid(issuer)).toBe(fresh)
        expect(publishedKids(issuer)).toEqual([fresh])
      }
    }
    expect(fresh).not.toBe(waiting)
  })

  test.each([
    ['a rotation', {}, 2],
    ['a leak', { now: true }, 1],
  ])('8 processes that are asked at once for %s make one new key', async (_what, options, published) => {
    const all = await Promise.all(Array.from({ length: 8 }, () => startedIssuer()))
    const results = await Promise.all(all.map((issuer) => issuer.rotate(options)))
    expect(results.filter(({ rotated }) => rotated)).toHaveLength(1)
    expect(new Set(results.map(({ kid }) => kid)).size).toBe(1)
    await Promise.all(all.map((issuer) => issuer.refresh()))
    expect(new Set(all.map((issuer) => publishedKids(issuer).join())).size).toBe(1)
    expect(publishedKids(all[0]!)).toHaveLength(published)
  })

  test('a second rotation while a new key waits changes nothing and names that key', async () => {
    const issuer = await startedIssuer()
    const first = await issuer.rotate()
    now += hourMs
    expect(await issuer.rotate()).toEqual({ ...first, rotated: false })
    expect(publishedKids(issuer)).toHaveLength(2)
  })

  test('a key of 90 days is replaced by one process, without being asked', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => startedIssuer()))
    const old = await signingKid(all[0]!)
    now += 90 * dayMs - 1
    await Promise.all(all.map((issuer) => issuer.refresh()))
    expect(publishedKids(all[0]!)).toEqual([old])
    now += 1
    await Promise.all(all.map((issuer) => issuer.refresh()))
    expect(new Set(all.map((issuer) => publishedKids(issuer).length))).toEqual(new Set([2]))
    expect(await signingKid(all[0]!)).toBe(old)
    now += dayMs
    expect(await signingKid(all[0]!)).not.toBe(old)
    expect(logged.filter((line) => line.includes('90 days old'))).toHaveLength(1)
  })

  test('a server that stood still for a year signs at once, and publishes a new key before it signs', async () => {
    const before = await startedIssuer()
    const old = await signingKid(before)
    await before.stop()
    now += 365 * dayMs
    const after = await startedIssuer()
    expect(await signingKid(after)).toBe(old)
    expect(publishedKids(after)).toHaveLength(2)
  })

  test('keys that left the JWKS are deleted by a later rotation', async () => {
    const issuer = await startedIssuer()
    await issuer.rotate()
    now += 2 * dayMs
    await issuer.rotate()
    const { rows } = await pool.query<{ kid: string }>('select "kid" from "SigningKey" order by "signsFrom"')
    expect(rows.map(({ kid }) => kid)).toEqual(publishedKids(issuer))
  })

  test('rotating before any server ever started makes the first key, which signs at once', async () => {
    const result = await newIssuer().rotate()
    expect(result).toEqual({ rotated: true, kid: expect.any(String), signsFrom: new Date(now) })
    expect(await signingKid(await startedIssuer())).toBe(result.kid)
  })
})

describe('the database being away', () => {
  const gone = Object.assign(Object.create(pool), {
    query: () => Promise.reject(new Error('the database is gone')),
    connect: () => Promise.reject(new Error('the database is gone')),
  }) as typeof pool

  test('the start is refused and says why', async () => {
    await expect(newIssuer({ pool: gone }).start()).rejects.toThrow("The issuer's signing keys could not be loaded: the database is gone")
  })

  test('what is in memory keeps serving, and the refresh each minute takes it up again', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      let isGone = false
      const flaky = new Proxy(pool, { get: (target, name) => Reflect.get(isGone ? gone : target, name, target) })
      const issuer = newIssuer({ pool: flaky })
      await issuer.start()
      const published = issuer.jwks()
      isGone = true
      vi.advanceTimersByTime(60_000)
      await vi.waitFor(() => expect(logged.join()).toContain('those in memory keep serving'), { timeout: 10_000 })
      expect(issuer.jwks()).toEqual(published)
      await expect(verify(await issuer.token(identity), issuer)).resolves.toBeDefined()

      await newIssuer().rotate({ now: true })
      isGone = false
      vi.advanceTimersByTime(60_000)
      await vi.waitFor(() => expect(issuer.jwks()).not.toEqual(published), { timeout: 10_000 })
      await issuer.stop()
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  test('keys sealed with a key that is not given refuse the start, and nothing of them is told', async () => {
    await startedIssuer()
    const stranger = newIssuer({ keyring: createKeyring([{ id: 'k2', key: randomBytes(32) }]) })
    await expect(stranger.start()).rejects.toThrow('was sealed with the encryption key "k1", which is not among the keys given')
    const impostor = newIssuer({ keyring: createKeyring([{ id: 'k1', key: randomBytes(32) }]) })
    await expect(impostor.start()).rejects.toThrow('does not open')
  })

  test('an issuer that was not started neither signs nor publishes an empty set', async () => {
    const issuer = newIssuer()
    expect(() => issuer.jwks()).toThrow('has not been started')
    await expect(issuer.token(identity)).rejects.toThrow('has not been started')
  })
})

describe('whether AWS can use this identity', () => {
  test.each([
    ['https://gatehouse.example.com', false],
    ['https://gatehouse.example.com/eu', false],
    ['http://127.0.0.1:4000', true],
    ['https://localhost:4000', true],
  ])('it can for a setup made for %s, an AWS endpoint given: %s', (url, awsEndpointGiven) => {
    expect(newIssuer({ publicUrl: url, awsEndpointGiven }).identityProblem(url)).toBeNull()
  })

  test.each([
    ['http://127.0.0.1:4000', 'http://127.0.0.1:4000 is not an https URL'],
    ['https://localhost', 'https://localhost has a host of one label, which no public DNS knows'],
    ['https://10.0.0.1', 'https://10.0.0.1 has an address that is not public'],
    ['https://gatehouse.example.com:8443', 'https://gatehouse.example.com:8443 has a port'],
  ])('it cannot where the public URL is %s', (url, actual) => {
    const problem = newIssuer({ publicUrl: url }).identityProblem(url)
    expect(problem?.actual).toBe(actual)
    expect(problem?.expected).toContain('GATEHOUSE_PUBLIC_URL')
    expect(problem?.remediation).toContain('GATEHOUSE_PUBLIC_URL')
  })

  test.each([
    'https://gatehouse.example.com',
    'https://gatehouse.example.com/eu/',
    'https://gatehouse.example.com/EU',
    'https://Gatehouse.example.com/eu',
    'https://gatehouse.example.com/eu ',
    'http://gatehouse.example.com/eu',
    '',
  ])('it cannot for a setup made for %j, with an AWS endpoint or without', (setupIssuer) => {
    for (const awsEndpointGiven of [false, true]) {
      const problem = newIssuer({ awsEndpointGiven }).identityProblem(setupIssuer)
      expect(problem?.actual).toBe(publicUrl)
      expect(problem?.expected).toContain(setupIssuer)
      expect(problem?.remediation).toContain('stage the component again')
    }
  })
})

test('nothing private is ever logged', async () => {
  const issuer = await startedIssuer()
  now += 90 * dayMs
  await issuer.refresh()
  await issuer.rotate({ now: true })
  expect(logged.length).toBeGreaterThan(0)
  expect(logged.join()).not.toMatch(/PRIVATE KEY|sealedPrivate|"(d|p|q|dp|dq|qi)":/)
})
