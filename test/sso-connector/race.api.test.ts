import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'
import { call, create, done, enable, markVerified, read } from './connectors.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.close())

const rounds = 200

async function connectorsOf(domain: string, names: string[]): Promise<{ organization: TestOrganization; id: string }[]> {
  const sides = []
  for (const name of names) {
    const organization = await app.organization(name)
    sides.push({ organization, id: (await create(organization, domain)).id })
  }
  return sides
}

test(`two organizations race to enable one domain, ${rounds} rounds: exactly one wins each round, and the other is told`, async () => {
  const sides = await connectorsOf('race.example', ['One', 'Two'])
  await markVerified(app, ...sides.map(({ id }) => id))
  const wins = [0, 0]
  for (let round = 0; round < rounds; round++) {
    // Whoever is asked first changes from round to round.
    const order = round % 2 === 0 ? [0, 1] : [1, 0]
    const answers = await Promise.all(order.map((n) => enable(sides[n]!.organization, sides[n]!.id)))
    const winners = order.filter((_n, i) => answers[i]?.ssoConnector?.enabled)
    const refusals = answers.flatMap(({ errors }) => errors.map(({ code, path }) => [code, path.join('.')]))
    expect([round, winners.length, refusals]).toEqual([round, 1, [['PRECONDITION_FAILED', 'input.enabled']]])
    const { rows } = await app.booted.services.db.pool.query<{ id: string }>(
      `select "id" from "SsoConnector" where "emailDomain" = 'race.example' and "enabled"`,
    )
    const winner = sides[winners[0]!]!
    expect(rows).toEqual([{ id: winner.id }])
    wins[winners[0]!]! += 1
    done(await call(winner.organization, 'updateSsoConnector', { id: winner.id, enabled: false }))
  }
  expect(wins[0]! + wins[1]!).toBe(rounds)
}, 60_000)

test('two organizations race to take a domain over from a third, 20 rounds: one wins, the other is told, the holder loses it once', async () => {
  const sides = await connectorsOf('prize.example', ['Holder', 'One', 'Two'])
  const [holder, ...rivals] = sides
  await markVerified(app, ...sides.map(({ id }) => id))
  const { pool } = app.booted.services.db
  for (let round = 0; round < 20; round++) {
    await pool.query(`update "SsoConnector" set "enabled" = false where "emailDomain" = 'prize.example'`)
    const { rows } = await pool.query<{ version: number }>(
      `update "SsoConnector" set "enabled" = true, "firstAbsentAt" = now() - interval '73 hours', "lastAbsentAt" = now() where "id" = $1 returning "version"`,
      [holder!.id],
    )
    const answers = await Promise.all(rivals.map(({ organization, id }) => enable(organization, id)))
    expect(answers.filter(({ ssoConnector }) => ssoConnector?.enabled)).toHaveLength(1)
    expect(answers.flatMap(({ errors }) => errors)).toMatchObject([{ code: 'PRECONDITION_FAILED' }])
    expect(await read(holder!.organization, holder!.id)).toMatchObject({ enabled: false, version: rows[0]!.version + 1 })
  }
})

test('of two calls that enable the same connector at once one takes effect, and the other finds it enabled', async () => {
  const organization = await app.organization()
  const { id, version } = await create(organization, 'same.example')
  await markVerified(app, id)
  const answers = await Promise.all([enable(organization, id), enable(organization, id)])
  for (const answer of answers) expect(done(answer)).toMatchObject({ enabled: true, version: version + 1 })
  expect(await read(organization, id)).toMatchObject({ enabled: true, version: version + 1 })
})

test('of two calls that begin verification at once one wins, so that only one code counts', async () => {
  const organization = await app.organization()
  const { id, version } = await create(organization, 'begin.example', { beginVerification: false })
  const answers = await Promise.all([1, 2].map(() => call(organization, 'beginSsoConnectorVerification', { id })))
  const begun = answers.filter(({ ssoConnector }) => ssoConnector !== null)
  expect(begun).toHaveLength(1)
  expect(answers.flatMap(({ errors }) => errors)).toMatchObject([{ code: expect.stringMatching(/^(CONFLICT|INVALID_TRANSITION)$/) }])
  expect(await read(organization, id)).toMatchObject({
    version: version + 1,
    verification: { status: 'PENDING', code: begun[0]?.ssoConnector?.verification.code },
  })
})

test('of many that are made at once only as many come to be as the quota has, and a domain only once', async () => {
  const organization = await app.organization()
  const make = (emailDomain: string) => call(organization, 'createSsoConnector', { organizationId: organization.id, emailDomain })
  const doubled = await Promise.all(Array.from({ length: 8 }, () => make('twice.example')))
  expect(doubled.filter(({ ssoConnector }) => ssoConnector)).toHaveLength(1)
  expect(new Set(doubled.flatMap(({ errors }) => errors.map(({ code }) => code)))).toEqual(new Set(['VALUE_DUPLICATE']))
  const many = await Promise.all(Array.from({ length: 60 }, (_, i) => make(`many${i}.example`)))
  expect(many.filter(({ ssoConnector }) => ssoConnector)).toHaveLength(49)
  expect(new Set(many.flatMap(({ errors }) => errors.map(({ code }) => code)))).toEqual(new Set(['QUOTA_EXCEEDED']))
})
