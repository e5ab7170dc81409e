import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseDnsServers } from '../../src/dns/dns-server.ts'
import { createTxtLookup, type TxtAnswer } from '../../src/dns/txt-lookup.ts'
import { freePort } from '../support/app.ts'
import { type Nsd, startNsd, withoutNsd } from '../support/nsd.ts'

const limits = { timeoutMs: 150, tries: 1, deadlineMs: 2_000 }
const lookupAt = (address: string) => createTxtLookup({ servers: parseDnsServers(address), ...limits })

describe.skipIf(withoutNsd)('against a real name server', () => {
  let nsd: Nsd
  const long = 'x'.repeat(250)
  beforeAll(async () => {
    nsd = await startNsd()
    await nsd.serve(
      'whole TXT "code=1"',
      'chunks TXT "co" "de" "=1"',
      'among TXT "v=spf1 -all"',
      'among TXT "code=1"',
      `crowded TXT "code=1"`,
      ...Array.from({ length: 40 }, (_, i) => `crowded TXT "${i}${long}"`),
      'mail MX 10 ns',
      'alias CNAME whole',
      'dangling CNAME nowhere',
      'lame CNAME a.broken',
      'tree DNAME sub.example.',
      'name.sub TXT "code=1"',
      '*.wild TXT "code=1"',
    )
  })
  afterAll(() => nsd.close())

  const table: [string, string, TxtAnswer][] = [
    ['a record', 'whole.example', { kind: 'RECORDS', values: ['code=1'] }],
    ['a record in chunks, joined', 'chunks.example', { kind: 'RECORDS', values: ['code=1'] }],
    ['a record of a wildcard of the same zone', 'a.wild.example', { kind: 'RECORDS', values: ['code=1'] }],
    ['no such name', 'nobody.example', { kind: 'ABSENT', reason: 'NXDOMAIN' }],
    ['a name with records of another type', 'mail.example', { kind: 'ABSENT', reason: 'NODATA' }],
    ['an alias to a name with records', 'alias.example', { kind: 'ABSENT', reason: 'CNAME' }],
    ['an alias to no name', 'dangling.example', { kind: 'ABSENT', reason: 'CNAME' }],
    ['an alias to a name whose zone is broken', 'lame.example', { kind: 'ABSENT', reason: 'CNAME' }],
    ['an alias made of a DNAME above', 'name.tree.example', { kind: 'ABSENT', reason: 'CNAME' }],
    ['a zone without data', 'broken.example', { kind: 'UNCLEAR', reason: 'SERVFAIL' }],
    ['a name the server is not responsible for', 'elsewhere.test', { kind: 'UNCLEAR', reason: 'REFUSED' }],
  ]
  test.each(table)('%s', async (_name, name, expected) => {
    expect(await lookupAt(nsd.address).txt(name)).toEqual(expected)
  })

  test('a record among others is found, all of them told', async () => {
    const answer = await lookupAt(nsd.address).txt('among.example')
    expect(answer).toMatchObject({ kind: 'RECORDS', values: expect.arrayContaining(['v=spf1 -all', 'code=1']) })
  })

  test('an answer too large for a datagram is fetched whole', async () => {
    const answer = await lookupAt(nsd.address).txt('crowded.example')
    expect(answer.kind === 'RECORDS' && answer.values).toHaveLength(41)
    expect(answer).toMatchObject({ values: expect.arrayContaining(['code=1']) })
  })

  test('a server by its name, and the next one where the first does not answer', async () => {
    const port = nsd.address.split(':')[1]
    const deaf = await freePort()
    expect(await lookupAt(`localhost:${port}`).txt('whole.example')).toMatchObject({ kind: 'RECORDS' })
    expect(await lookupAt(`127.0.0.1:${deaf},${nsd.address}`).txt('whole.example')).toMatchObject({ kind: 'RECORDS' })
  })

  test('what was answered before is asked again', async () => {
    const lookup = lookupAt(nsd.address)
    expect(await lookup.txt('nobody.example')).toMatchObject({ kind: 'ABSENT' })
    await nsd.stop()
    expect(await lookup.txt('nobody.example')).toEqual({ kind: 'UNCLEAR', reason: 'UNREACHABLE' })
    await nsd.start()
    expect(await lookup.txt('nobody.example')).toMatchObject({ kind: 'ABSENT' })
  })
})

describe('against a server that takes questions and never answers', () => {
  const silent = createSocket('udp4')
  let address: string
  beforeAll(async () => {
    silent.bind(0, '127.0.0.1')
    await once(silent, 'listening')
    address = `127.0.0.1:${silent.address().port}`
  })
  afterAll(() => silent.close())

  test('the answer is unclear once the tries are over', async () => {
    expect(await lookupAt(address).txt('acme.example')).toEqual({ kind: 'UNCLEAR', reason: 'TIMEOUT' })
  })

  test('the deadline ends it before the tries are over', async () => {
    const patient = createTxtLookup({ servers: parseDnsServers(address), timeoutMs: 5_000, tries: 3, deadlineMs: 200 })
    const startedAt = Date.now()
    expect(await patient.txt('acme.example')).toEqual({ kind: 'UNCLEAR', reason: 'TIMEOUT' })
    expect(Date.now() - startedAt).toBeLessThan(2_000)
  })

  test('a signal ends it at once', async () => {
    const patient = createTxtLookup({ servers: parseDnsServers(address), timeoutMs: 5_000, tries: 3, deadlineMs: 60_000 })
    const startedAt = Date.now()
    expect(await patient.txt('acme.example', AbortSignal.timeout(100))).toEqual({ kind: 'UNCLEAR', reason: 'TIMEOUT' })
    expect(await patient.txt('acme.example', AbortSignal.abort())).toEqual({ kind: 'UNCLEAR', reason: 'TIMEOUT' })
    expect(Date.now() - startedAt).toBeLessThan(2_000)
  })
})

test('a server whose own name cannot be resolved makes an unclear answer', async () => {
  expect(await lookupAt('nowhere.invalid:53').txt('acme.example')).toEqual({ kind: 'UNCLEAR', reason: 'UNREACHABLE' })
})
