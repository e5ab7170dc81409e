import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'
import { countStatements } from '../support/statements.ts'
import { type Answered, type Connector, call, create, done, enable, markVerified, read } from './connectors.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app?.close())

interface Side {
  organization: TestOrganization
  connector: Connector
}

let made = 0
async function side({ domain = `joint${made++}.example`, isVerified = true } = {}): Promise<Side> {
  const organization = await app.organization()
  const connector = await create(organization, domain)
  if (isVerified) await markVerified(app, connector.id)
  return { organization, connector: await read(organization, connector.id) }
}

async function sides(count: number): Promise<Side[]> {
  const all: Side[] = []
  while (all.length < count) all.push(await side())
  return all
}

/** Sends while every connection for work is taken, so that all wait for one at once; and tells which of their statements switch. */
async function together(send: () => Promise<Answered>[]): Promise<{ answers: Answered[]; switches: number }> {
  const { pool } = app.booted.services.db
  const clients = await Promise.all(Array.from({ length: 10 }, () => pool.connect()))
  const { statements, result } = await countStatements(async () => {
    const answers = Promise.all(send())
    await delay(500)
    for (const client of clients) client.release()
    return answers
  })
  return { answers: result, switches: statements.filter((text) => text.includes('skip locked')).length }
}

const events = async ({ organization }: Side) => {
  const { auditEvents } = (
    await organization.ask(`{ organization(id: "${organization.id}") { auditEvents { nodes { action subjectId } } } }`)
  ).organization
  return auditEvents.nodes.filter(({ action }: { action: string }) => /able$/.test(action))
}

it('connectors that are switched at once share statements, and each caller gets its own answer and event', async () => {
  const all = await sides(20)
  const { answers, switches } = await together(() => all.map(({ organization, connector }) => enable(organization, connector.id)))
  expect(switches).toBeLessThan(10)
  for (const [index, side] of all.entries()) {
    const { id, version } = side.connector
    expect(done(answers[index] as Answered)).toMatchObject({ id, enabled: true, version: version + 1 })
    expect(await events(side)).toEqual([{ action: 'ssoConnector.enable', subjectId: id }])
  }
})

it('what is refused to one, for whatever reason, is refused to that one alone', async () => {
  const [holder, stale, idle, stranger, ...others] = (await sides(8)) as [Side, Side, Side, Side, ...Side[]]
  const rival = await side({ domain: holder.connector.emailDomain })
  const unverified = await side({ isVerified: false })
  done(await enable(holder.organization, holder.connector.id))
  const { answers } = await together(() =>
    [
      enable(rival.organization, rival.connector.id),
      enable(unverified.organization, unverified.connector.id),
      call(stale.organization, 'updateSsoConnector', { id: stale.connector.id, enabled: true, expectedVersion: 99 }),
      call(idle.organization, 'updateSsoConnector', { id: idle.connector.id, enabled: false }),
      enable(stranger.organization, others[0]?.connector.id ?? ''),
      enable(stranger.organization, 'sso_\0'),
      ...others.map(({ organization, connector }) => enable(organization, connector.id)),
    ].map((answer) => answer.catch((error: Error) => ({ ssoConnector: null, errors: [{ code: error.message }] }) as Answered)),
  )
  const told = answers.map(({ ssoConnector, errors }) => ssoConnector?.enabled ?? errors[0]?.code)
  expect(told).toEqual([
    'PRECONDITION_FAILED',
    'INVALID_TRANSITION',
    'CONFLICT',
    false,
    'NOT_FOUND',
    expect.stringMatching(/NOT_FOUND|no text here can hold/),
    ...others.map(() => true),
  ])
  for (const side of [rival, unverified, stale, idle, stranger]) {
    expect(await events(side)).toEqual([])
    expect((await read(side.organization, side.connector.id)).version).toBe(side.connector.version)
  }
  for (const side of others) expect(await events(side)).toHaveLength(1)
})

it('of two that switch one connector at once the second finds it switched', async () => {
  const one = await side()
  const { organization, connector } = one
  const { answers } = await together(() => [
    enable(organization, connector.id),
    enable(organization, connector.id),
    call(organization, 'updateSsoConnector', { id: connector.id, enabled: true, expectedVersion: connector.version }),
  ])
  const [first, second, expecting] = answers.map(({ ssoConnector, errors }) => ssoConnector?.enabled ?? errors[0]?.code)
  expect([first, second]).toEqual([true, true])
  expect([true, 'CONFLICT']).toContain(expecting)
  expect(await read(organization, connector.id)).toMatchObject({ enabled: true, version: connector.version + 1 })
  expect(await events(one)).toHaveLength(1)
})

it.each([
  ['a connector', 'select from "SsoConnector" where "id" = $2 and "organizationId" = $1 for update'],
  ['an organization', 'select from "Organization" where "id" = $1 and $2 <> \'\' for update'],
])('%s that somebody is at work on holds up its own caller and nobody else', async (_what, lock) => {
  const [busy, ...others] = (await sides(6)) as [Side, ...Side[]]
  const client = await app.booted.services.db.pool.connect()
  try {
    await client.query('begin')
    await client.query(lock, [busy.organization.id, busy.connector.id])
    const held = enable(busy.organization, busy.connector.id)
    const answers = await Promise.all(others.map(({ organization, connector }) => enable(organization, connector.id)))
    expect(answers.map((answer) => done(answer).enabled)).toEqual(others.map(() => true))
    expect(await Promise.race([held.then(() => 'answered'), delay(200, 'waits')])).toBe('waits')
    await client.query('rollback')
    expect(done(await held)).toMatchObject({ enabled: true, version: busy.connector.version + 1 })
  } finally {
    client.release()
  }
})

it('who wants a domain that is just being given up holds up nobody else', async () => {
  const [holder, ...others] = (await sides(4)) as [Side, ...Side[]]
  const rival = await side({ domain: holder.connector.emailDomain })
  done(await enable(holder.organization, holder.connector.id))
  const client = await app.booted.services.db.pool.connect()
  try {
    await client.query('begin')
    await client.query('update "SsoConnector" set "enabled" = false where "id" = $1', [holder.connector.id])
    const held = enable(rival.organization, rival.connector.id)
    const answers = await Promise.all(others.map(({ organization, connector }) => enable(organization, connector.id)))
    expect(answers.map((answer) => done(answer).enabled)).toEqual(others.map(() => true))
    expect(await Promise.race([held.then(() => 'answered'), delay(200, 'waits')])).toBe('waits')
    await client.query('commit')
    expect(done(await held).enabled).toBe(true)
  } finally {
    client.release()
  }
})
