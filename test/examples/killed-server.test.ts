import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createAwsEmulator } from '../../emulator/emulator.ts'
import type { Data } from '../support/app.ts'
import { expectInstalledOnce } from './histories.ts'
import { accountIds, accountsFile, type Interposed, kinds, onboard } from './onboarding.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'

const accounts = 40
const total = accounts * kinds.length
const slug = 'killed'

/** The server is killed as soon as the first components have come this far. */
const moments = [
  { during: 'StageComponents', states: ['STAGE', 'CONFIGURE', 'INSTALLED'] },
  { during: 'VerifyComponents', states: ['CONFIGURE', 'INSTALLED'] },
  { during: 'ConfigureComponents', states: ['INSTALLED'] },
]

test('a server that is killed in the midst of staging, verifying and configuring loses nothing and leaves nothing half done', {
  timeout: 300_000,
}, async ({ onTestFinished }) => {
  const aws = createAwsEmulator()
  const AWS_ENDPOINT_URL = await aws.listen()
  onTestFinished(() => aws.close())
  const server = await startServerProcess({ AWS_ENDPOINT_URL })

  const ahead = [...moments]
  const kills: Promise<number>[] = []
  const acknowledged = new Set<string>()
  const killing: Interposed = async ({ operation }, send) => {
    const answer = send()
    if (ahead[0]?.during === operation) {
      const kill = killInTheMidst(server, ahead.shift()?.states ?? [])
      // A run that fails ends the server under a kill that still waits for its moment.
      kill.catch(() => undefined)
      kills.push(kill)
    }
    const { data } = (await (await answer).clone().json()) as { data?: Data }
    for (const { component } of data?.stageComponents?.results ?? []) acknowledged.add(component.id)
    return answer
  }
  const args = ['--url', server.url, '--accounts', await accountsFile(accounts), '--apply', '--organization', slug, '--patience', '120']
  const run = await onboard(args, { GATEHOUSE_ADMIN_KEY: server.adminKey, AWS_ENDPOINT_URL }, killing)
  expect([run.exitCode, run.text]).toEqual([0, expect.stringContaining(`${total} of ${total} components are installed`)])
  const survivors = await Promise.all(kills)
  expect(survivors.map((count) => count > 0 && count < total)).toEqual(moments.map(() => true))

  const ask = (query: string, variables?: object) => askAsAdmin(server, query, variables)
  const { organizationBySlug } = await ask(
    `{ organizationBySlug(slug: "${slug}") { id operations { nodes { status progress { done total } summary { failed } } } } }`,
  )
  await expectInstalledOnce(ask, organizationBySlug.id, accountIds(accounts), kinds)
  for (const { status, progress, summary } of organizationBySlug.operations.nodes) {
    expect([status, progress.done, summary.failed]).toEqual(['SUCCEEDED', progress.total, 0])
  }
  const { nodes } = await ask('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: [...acknowledged] })
  expect(nodes.map((node: { id: string } | null) => node?.id)).toEqual([...acknowledged])
})

/** Returns how many had come so far when the server was back. */
async function killInTheMidst(server: ServerProcess, states: string[]): Promise<number> {
  const count = async (): Promise<number> => {
    const query =
      'query ($slug: String!, $filter: ComponentFilter!) { organizationBySlug(slug: $slug) { components(filter: $filter) { totalCount } } }'
    return (await askAsAdmin(server, query, { slug, filter: { kinds, states } })).organizationBySlug.components.totalCount
  }
  while ((await count()) === 0) await delay(10)
  await server.killAndRestart()
  return count()
}

async function askAsAdmin({ url, adminKey }: ServerProcess, query: string, variables?: object): Promise<Data> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${adminKey}` }
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })
  return ((await response.json()) as { data: Data }).data
}
