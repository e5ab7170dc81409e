// What decisions and pages of people cost in a large organization, next to one of twenty: statements, and milliseconds.
//   npx tsx bench/decisions.ts
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { createApp } from '../src/app.ts'
import { type Booted, boot } from '../src/boot.ts'
import { readConfig } from '../src/config.ts'
import { startEmbeddedPostgres } from '../src/platform/database/embedded-postgres.ts'
import { createLog } from '../src/platform/log.ts'
import { countStatements } from '../test/support/statements.ts'
import { fillOrganization, idAt, type Shape, withoutIndexes } from './organization-data.ts'

const rounds = 30
/** Nothing of it outlives the bench, so nothing is written twice. */
const throwAway = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_wal_size: '4GB', shared_buffers: '512MB' }

const organizations: { name: string; base: number; shape: Shape }[] = [
  {
    name: '20 members',
    base: 1_000_000,
    shape: { members: 20, groups: 4, policiesPerGroup: 50, groupsPerMember: 3, resourceGroups: 20, accounts: 10 },
  },
  {
    name: '20,000 members',
    base: 2_000_000,
    shape: { members: 20_000, groups: 2_000, policiesPerGroup: 50, groupsPerMember: 10, resourceGroups: 2_000, accounts: 1_000 },
  },
]

const largeTables = ['"Member"', '"UserGroupMember"', '"Policy"', '"PolicyResourceGroup"']

interface Ask {
  name: string
  query: string
  /** Of round i: everybody asks about somebody else, or it would be the cache that is measured. */
  variables(organization: (typeof organizations)[number], i: number): object
}

const questions = ({ base, shape }: (typeof organizations)[number], count: number, i: number) =>
  Array.from({ length: count }, (_, n) => ({
    memberId: idAt('mem', base, (i * count + n) % shape.members),
    permission: n % 2 === 0 ? 'component:configure' : 'awsRole:assume',
    resourceKey:
      n % 2 === 0
        ? `component.${idAt('cmp', base, (i + n) % (shape.accounts * 2))}`
        : `awsAccount.${String((i + n) % shape.accounts).padStart(12, '0')}`,
  }))
const decisions = (inner: string) =>
  `query ($questions: [AccessQuestion!]!) { accessDecisions(questions: $questions) { decision reason ${inner} } }`
const under = (inner: string) => `query ($id: ID!) { organization(id: $id) { ${inner} } }`
const ofOrganization = ({ base }: (typeof organizations)[number]) => ({ id: idAt('org', base, 0) })

const asks: Ask[] = [
  {
    name: '1 decision',
    query: decisions('because { matchedPermission matchedObject }'),
    variables: (of, i) => ({ questions: questions(of, 1, i) }),
  },
  { name: '200 decisions', query: decisions(''), variables: (of, i) => ({ questions: questions(of, 200, i) }) },
  {
    name: '200 decisions, with what they rest on',
    query: decisions('because { matchedPermission userGroup { name } policy { access } resourceGroup { name } }'),
    variables: (of, i) => ({ questions: questions(of, 200, i) }),
  },
  {
    name: '50 members with their groups',
    query: under('members { nodes { email userGroups { nodes { name } } } }'),
    variables: ofOrganization,
  },
  {
    name: '50 members with their groups and roles',
    query: under('members { nodes { email userGroups { nodes { name } } awsRoles { nodes { name } } } }'),
    variables: ofOrganization,
  },
  {
    name: '200 members with their groups, counted',
    query: under('members(first: 200) { totalCount nodes { email userGroups { totalCount nodes { name } } } }'),
    variables: ofOrganization,
  },
  {
    name: '10 roles with those who may use them',
    query: under('awsRoles(first: 10) { nodes { name members { nodes { email } } } }'),
    variables: ofOrganization,
  },
  {
    name: '50 roles with those who may use them',
    query: under('awsRoles(first: 50) { nodes { name members { nodes { email } } } }'),
    variables: ofOrganization,
  },
  {
    name: 'members by a part of their address',
    query: under('members(filter: { emailContains: "r00001" }) { nodes { email } }'),
    variables: ofOrganization,
  },
  {
    name: '10 groups with members, policies, resource groups',
    query: under(
      'userGroups(first: 10) { nodes { name members { nodes { email } } policies { access permissionGroups { name } resourceGroups { name } } } }',
    ),
    variables: ofOrganization,
  },
]

const dataDir = await mkdtemp(path.join(tmpdir(), 'gatehouse-bench-'))
const log = createLog('error')
const postgres = await startEmbeddedPostgres({ dataDir, log, settings: throwAway })
const adminKey = randomBytes(24).toString('hex')
const config = readConfig({
  DATABASE_URL: postgres.url,
  GATEHOUSE_ADMIN_KEY: adminKey,
  GATEHOUSE_ENCRYPTION_KEYS: `bench:${randomBytes(32).toString('base64')}`,
})
const booted = await boot(config, log, { embedded: 'start', applicationName: 'bench', migrate: true })
try {
  await prepare()
  await measure(booted)
} finally {
  await booted.stop()
  await postgres.stop()
  await rm(dataDir, { recursive: true, force: true })
}

async function prepare(): Promise<void> {
  const client = new pg.Client(postgres.superuserUrl.replace('/postgres?', '/gatehouse?'))
  await client.connect()
  const started = performance.now()
  try {
    // Foreign keys are not looked at, row by row: the data is made to fit.
    await client.query('set session_replication_role = replica')
    await withoutIndexes(client, largeTables, async () => {
      for (const { name, base, shape } of organizations) {
        const id = idAt('org', base, 0)
        await client.query('insert into "Organization" ("id", "slug", "name") values ($1, $2, $3)', [id, `bench${base}`, name])
        await fillOrganization(client, id, base, shape)
      }
    })
    await client.query('vacuum analyze')
  } finally {
    await client.end()
  }
  console.log(`filled in ${((performance.now() - started) / 1000).toFixed(1)} s\n`)
}

async function measure({ services }: Booted): Promise<void> {
  const app = await createApp({ services, adminKeys: [adminKey], playgroundRoot: null })
  const send = async (query: string, variables: object) => {
    const response = await app.inject({
      method: 'POST',
      url: '/graphql',
      headers: { authorization: `Bearer ${adminKey}` },
      payload: { query, variables },
    })
    const { data, errors } = response.json()
    if (errors) throw new Error(JSON.stringify(errors))
    return data
  }
  const table: Record<string, Record<string, string | number>> = {}
  for (const ask of asks) {
    const row: Record<string, string | number> = {}
    for (const organization of organizations) {
      const times: number[] = []
      const counts = new Set<number>()
      for (let i = 0; i < rounds; i += 1) {
        const started = performance.now()
        const { statements } = await countStatements(() => send(ask.query, ask.variables(organization, i)))
        times.push(performance.now() - started)
        counts.add(statements.length)
      }
      // The first ones compile the query and prepare the statements.
      const warm = times.slice(5).sort((a, b) => a - b)
      row[`statements, ${organization.name}`] = [...counts].join('/')
      row[`ms, ${organization.name}`] = `${at(warm, 0.5)} (95 %: ${at(warm, 0.95)})`
    }
    table[ask.name] = row
  }
  console.table(table)
  const large = organizations.at(-1) as (typeof organizations)[number]
  const started = performance.now()
  const { deleteOrganization } = await send(
    'mutation ($input: DeleteOrganizationInput!) { deleteOrganization(input: $input) { deletedIds errors { message } } }',
    {
      input: { ...ofOrganization(large), confirmSlug: `bench${large.base}` },
    },
  )
  console.log(
    `deleting the organization of ${large.name}: ${deleteOrganization.deletedIds.length} things in ${((performance.now() - started) / 1000).toFixed(1)} s`,
  )
  await app.close()
}

function at(sorted: number[], share: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1)
}
