import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Data, startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'
import { componentCalls } from '../support/component-calls.ts'
import { accepted, refusalOf } from '../support/component-story.ts'
import { rowsOf } from '../support/rows.ts'
import { countStatements } from '../support/statements.ts'
import { accountWithRoles, iamRoles, keyOf, type SyncCalls, syncCalls } from '../support/sync-calls.ts'

let app: TestApp
let organization: TestOrganization
let calls: SyncCalls
/** Two accounts with r000 to r004; r004 of the second is MISSING. */
let accounts: [string, string]
beforeAll(async () => {
  app = await startTestApp({ worker: true })
  organization = await app.organization()
  calls = syncCalls(organization)
  accounts = [accountWithRoles(app, 5), accountWithRoles(app, 5)]
  await calls.put(accounts.map((accountId) => ({ accountName: accountId, accessKeyId: keyOf(accountId) })))
  await calls.sync()
  iamRoles(app, accounts[1]).delete('r004')
  await calls.sync()
})
afterAll(() => app.close())

const arn = (name: string, account = 0) => `arn:aws:iam::${accounts[account]}:role/${name}`
const names = async (args: string) =>
  (await calls.roles(args)).map(({ name, awsAccount }) => `${name}@${accounts.indexOf(awsAccount.accountId)}`)

const filters: [string, () => string, string[]][] = [
  ['name, whatever its case', () => '{ name: "R001" }', ['r001@0', 'r001@1']],
  ['a part of the name', () => '{ nameContains: "04" }', ['r004@0', 'r004@1']],
  ['a pattern of the name', () => '{ namePattern: "r*3" }', ['r003@0', 'r003@1']],
  ['ARNs', () => `{ arns: ["${arn('r002')}", "${arn('nobody')}"] }`, ['r002@0']],
  ['status', () => '{ statuses: [MISSING] }', ['r004@1']],
  ['accounts and name together', () => `{ accountIds: ["${accounts[1]}"], name: "r000" }`, ['r000@1']],
]
test.each(filters)('roles are filtered by %s', async (_, filter, expected) => {
  expect((await names(`(filter: ${filter()})`)).sort()).toEqual(expected)
})

test.each(['NAME', 'LAST_SEEN_AT'])(
  'by %s every page continues the one before, both ways, and all pages are the whole list',
  async (field) => {
    const ask = async (args: string): Promise<Data> =>
      (
        await organization.ask(
          `{ organization(id: "${organization.id}") { awsRoles(${args}, orderBy: { field: ${field}, direction: DESC }) { totalCount nodes { arn } pageInfo { hasNextPage endCursor startCursor } } } }`,
        )
      ).organization.awsRoles
    const whole: Data[] = (await ask('first: 200')).nodes
    expect(whole).toHaveLength(10)
    const paged: Data[] = []
    let page = await ask('first: 3')
    paged.push(...page.nodes)
    while (page.pageInfo.hasNextPage) {
      page = await ask(`first: 3, after: "${page.pageInfo.endCursor}"`)
      paged.push(...page.nodes)
    }
    expect(paged).toEqual(whole)
    expect((await ask(`last: 4, before: "${page.pageInfo.startCursor}"`)).nodes).toEqual(
      whole.slice(-page.nodes.length - 4, -page.nodes.length),
    )
    if (field === 'LAST_SEEN_AT') expect(whole.at(-1)).toEqual({ arn: arn('r004', 1) })
  },
)

test('a role is found by id, by ARN, as a node and as an entity by either key', async () => {
  const [role] = await calls.roles(`(filter: { arns: ["${arn('r000')}"] })`)
  const {
    awsRole,
    node,
    organization: found,
  } = await organization.ask(
    `{ awsRole(id: "${role.id}") { id } node(id: "${role.id}") { __typename id } organization(id: "${organization.id}") { awsRole(arn: "${arn('r000')}") { id } none: awsRole(arn: "${arn('x')}") { id } } }`,
  )
  expect([awsRole.id, node, found.awsRole.id, found.none]).toEqual([role.id, { __typename: 'AwsRole', id: role.id }, role.id, null])
  const references = [
    { __typename: 'AwsRole', id: role.id },
    { __typename: 'AwsRole', organization: { id: organization.id }, arn: role.arn },
    { __typename: 'AwsSync', id: (await calls.state()).id },
  ]
  const { _entities } = await organization.ask(
    'query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on AwsRole { name } } }',
    { r: references },
  )
  expect(_entities).toEqual([{ __typename: 'AwsRole', name: 'r000' }, { __typename: 'AwsRole', name: 'r000' }, { __typename: 'AwsSync' }])
})

test('the roles of any number of accounts, with accounts and sources, take the same number of statements', async () => {
  const count = (first: number) =>
    countStatements(() =>
      organization.ask(
        `{ organization(id: "${organization.id}") { awsAccounts(first: ${first}) { nodes { credentials { nodes { accountName } } roles(first: 3) { totalCount nodes { name awsAccount { accountId } discoveredBy { __typename } } } } } } }`,
      ),
    )
  await count(1)
  const [one, two] = [await count(1), await count(2)]
  expect(one.result.organization.awsAccounts.nodes).toHaveLength(1)
  expect(two.result.organization.awsAccounts.nodes).toHaveLength(2)
  expect(two.statements.length).toBe(one.statements.length)
})

test('an OK role needs force, a stale version is a conflict, and neither changes anything', async () => {
  const [role] = await calls.roles(`(filter: { arns: ["${arn('r001')}"] })`)
  const before = await rowsOf(app, organization.id)
  expect(await calls.forget(role.id)).toMatchObject({
    deletedIds: [],
    errors: [{ __typename: 'PreconditionError', path: ['input', 'force'] }],
  })
  expect(await calls.forget(role.id, { force: true, expectedVersion: 7 })).toMatchObject({
    deletedIds: [],
    errors: [{ __typename: 'ConflictError', currentVersion: role.version, path: ['input', 'expectedVersion'] }],
  })
  expect(await rowsOf(app, organization.id)).toEqual(before)
})

test('a role that is forgotten is gone, audited, and comes back as a new one when a scan sees it', async () => {
  const [missing] = await calls.roles('(filter: { statuses: [MISSING] })')
  expect(await calls.forget(missing.id)).toEqual({
    deletedIds: [missing.id],
    alreadyAbsent: false,
    organization: { id: organization.id },
    errors: [],
  })
  expect(await calls.forget(missing.id)).toMatchObject({ deletedIds: [], alreadyAbsent: true, errors: [] })
  const [role] = await calls.roles(`(filter: { arns: ["${arn('r002')}"] })`)
  expect(await calls.forget(role.id, { force: true, expectedVersion: role.version })).toMatchObject({ deletedIds: [role.id], errors: [] })
  expect((await calls.audit('awsRole.delete')).map(({ subjectId }) => subjectId)).toEqual([role.id, missing.id])
  await calls.sync()
  const [again, ...others] = await calls.roles(`(filter: { arns: ["${arn('r002')}", "${missing.arn}"] })`)
  expect(others).toEqual([])
  expect(again).toMatchObject({ name: 'r002', version: 1, status: 'OK' })
  expect(again.id).not.toBe(role.id)
})

test('an account whose partition AWS has told keeps it: staging a component in the other one is refused', async () => {
  const own = componentCalls(organization)
  accepted(await own.install())
  const before = await rowsOf(app, organization.id)
  const stage = (partition?: string) => own.stage({ kind: 'INVENTORY', itemId: accounts[0], ...(partition ? { partition } : {}) })
  expect(refusalOf(await stage('AWS_US_GOV'))).toEqual(['ValidationError', 'INVALID_VALUE', 'input.partition'])
  expect(await rowsOf(app, organization.id)).toEqual(before)
  // Its keys are gone; the roles that were found stay.
  await calls.remove(accounts)
  expect(refusalOf(await stage('AWS_US_GOV'))).toEqual(['ValidationError', 'INVALID_VALUE', 'input.partition'])
  expect(accepted(await stage()).component).toMatchObject({ partition: 'AWS', awsAccount: { accountId: accounts[0] } })
})
