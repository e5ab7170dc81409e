import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Data, startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'

// The list by LAST_SEEN_AT is put together from three, and under a filter it is not: both must be the same list.

let app: TestApp
let own: TestOrganization
beforeAll(async () => {
  app = await startTestApp()
  own = await app.organization()
  const other = await app.organization()
  for (const { id } of [own, other]) await fill(id)
})
afterAll(() => app?.close())

/** Accounts and roles in every state, at few enough times that many are the same. */
async function fill(organizationId: string) {
  const then = (minutes: string) => `timestamptz '2026-01-01T00:00:00Z' + ${minutes} * interval '1 minute'`
  const newAccount = "'acct_' || left(md5($1 || i), 26)"
  await app.fill(
    `insert into "AwsAccount" ("id", "organizationId", "accountId", "partition", "lastCompleteScanAt", "lastScanAt")
     select ${newAccount}, $1, lpad(i::text, 12, '0'), 'AWS',
       case when i % 4 > 0 then ${then('(i % 3) * 10')} end, ${then('case when i % 4 > 1 then (i % 3) * 10 else 40 end')}
     from generate_series(1, 16) i`,
    [organizationId],
  )
  await app.fill(
    `insert into "AwsRole" ("id", "organizationId", "awsAccountId", "roleId", "name", "arn", "path", "maxSessionDuration", "trustPolicy", "status",
       "missingSince", "firstSeenAt", "lastSeenAt", "updatedAt")
     select 'role_' || left(md5($1 || i || '.' || j), 26), $1, ${newAccount}, 'AROA' || i || 'X' || j, 'role-' || j % 4, 'arn:aws:iam::' || lpad(i::text, 12, '0') || ':role/r' || j,
       '/', 3600, '{}', (case when j % 5 = 0 then 'MISSING' else 'OK' end)::"AwsRoleStatus", case when j % 5 = 0 then now() end, now(), ${then('(j * 7 % 6) * 5')}, now()
     from generate_series(1, 16) i, generate_series(1, 12) j`,
    [organizationId],
  )
}

const everything = 'filter: { nameContains: "" }, '
const ask = async (args: string, direction: string): Promise<Data> =>
  (
    await own.ask(
      `{ organization(id: "${own.id}") { awsRoles(${args}, orderBy: { field: LAST_SEEN_AT, direction: ${direction} }) { totalCount nodes { id lastSeenAt name } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`,
    )
  ).organization.awsRoles

test.each(['ASC', 'DESC'])(
  'by when they were last seen (%s) the roles are in one order, however the list is come by',
  async (direction) => {
    const whole = await ask(`${everything}first: 200`, direction)
    expect(whole.totalCount).toBe(16 * 12)
    const times = whole.nodes.map(({ lastSeenAt }: Data) => Date.parse(lastSeenAt))
    expect(times).toEqual([...times].sort((a, b) => (direction === 'ASC' ? a - b : b - a)))
    expect(new Set(times).size).toBeGreaterThan(5)

    const { totalCount, nodes } = await ask('first: 200', direction)
    expect(totalCount).toBe(whole.totalCount)
    expect(nodes).toEqual(whole.nodes)
    for (const size of [1, 7, 60]) {
      expect(await pagesOf('first', 'after', size, direction)).toEqual(whole.nodes)
      expect(await pagesOf('last', 'before', size, direction)).toEqual(whole.nodes)
    }
  },
)

/** All pages, from one end to the other. */
async function pagesOf(count: 'first' | 'last', beyond: 'after' | 'before', size: number, direction: string): Promise<Data[]> {
  const all: Data[] = []
  let cursor = ''
  for (;;) {
    const { nodes, pageInfo }: Data = await ask(`${count}: ${size}${cursor}`, direction)
    if (count === 'first') all.push(...nodes)
    else all.unshift(...nodes)
    if (!(count === 'first' ? pageInfo.hasNextPage : pageInfo.hasPreviousPage)) return all
    cursor = `, ${beyond}: "${count === 'first' ? pageInfo.endCursor : pageInfo.startCursor}"`
  }
}
