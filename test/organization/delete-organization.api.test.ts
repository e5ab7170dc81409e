import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { readAwsAccounts } from '../../src/aws-sync/read-accounts.job.ts'
import { startWorker } from '../../src/jobs/worker.ts'
import { newId } from '../../src/platform/typeid.ts'
import { agentOf, report, resource } from '../connector/agents.ts'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { newAccount } from '../support/aws-setup.ts'
import { itemOf, stagedKinds, type Tenant, tenant } from '../support/component-story.ts'
import { rowsOf } from '../support/rows.ts'
import { accountWithRoles, keyOf, syncCalls } from '../support/sync-calls.ts'
import { makeGroups } from '../tenancy/groups.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.close())

const mutation = `mutation ($input: DeleteOrganizationInput!) { deleteOrganization(input: $input) { deletedIds alreadyAbsent errors { __typename code path } } }`

async function deleteAs(key: string, id: string, confirmSlug: string): Promise<Data> {
  const { data, errors } = await app.send(key, mutation, { input: { id, confirmSlug } })
  if (errors) throw new Error(JSON.stringify(errors))
  return data.deleteOrganization
}

/** One with something in every table that an organization can fill. */
async function furnished(): Promise<Tenant> {
  const own = await tenant(app)
  for (const { kind } of stagedKinds) await own.bring(itemOf(kind), 'INSTALLED')
  const { operation } = await own.calls.verifyAll((await own.calls.all()).map(({ id }) => id))
  await app.booted.services.db.pool.query(
    `insert into "BackgroundOperationResult" ("organizationId", "operationId", "ordinal", "succeeded", "errors") values ($1, $2, 0, true, '[]')`,
    [own.id, operation.id],
  )
  const sync = syncCalls(own)
  await sync.put([{ accountName: 'prod', accessKeyId: keyOf(accountWithRoles(app, 2)) }])
  const { operation: reading } = await sync.sync(false)
  await readAwsAccounts(app.booted.services, { organizationId: own.id, operationId: reading.id }, new AbortController().signal)
  await makeGroups(own, 'walnut')
  await own.ask(`mutation { createSsoConnector(input: { organizationId: "${own.id}", emailDomain: "${own.slug}.example", beginVerification: false }) {
    errors { message } } }`)
  const { key, integrationId } = await agentOf(own)
  const permissions = [{ name: 'use', resourceType: 'thing' }]
  // The run stays open, so that there is one with parts.
  await report(app, key, { integrationId, runId: 'open', resources: [resource('a'), resource('b')], permissions })
  return own
}

/** The one change that is left tells every server that its subscriptions have ended; it goes after minutes, as all do. */
const outliving = ['AwsIdentityTombstone', 'PlatformAuditEvent', 'Change', 'jobs']

describe('deleting an organization', () => {
  test('leaves nothing of it in any table but a tombstone of its identity and an event of the platform', async () => {
    const own = await furnished()
    const before = await rowsOf(app, own.id)
    for (const [table, rows] of Object.entries(before)) if (!outliving.includes(table)) expect([table, rows.length]).not.toEqual([table, 0])
    const components = await own.calls.all()

    const deleted = await deleteAs(own.key, own.id, own.slug)
    expect(deleted).toMatchObject({ alreadyAbsent: false, errors: [] })
    const integrationId = components[0].integration.id
    const named = [own.id, integrationId, ...components.map(({ id }) => id), ...components.map(({ awsAccount }) => awsAccount.id)]
    expect(deleted.deletedIds).toEqual(expect.arrayContaining(named))
    expect(deleted.deletedIds.filter((id: string) => id.startsWith('key_'))).toHaveLength(2)
    expect(new Set(deleted.deletedIds).size).toBe(deleted.deletedIds.length)

    const after = await rowsOf(app, own.id)
    for (const [table, rows] of Object.entries(after)) if (!outliving.includes(table)) expect([table, rows]).toEqual([table, []])
    const identity = JSON.parse(before.AwsIdentity?.[0] ?? '{}')
    expect(after.AwsIdentityTombstone?.map((row) => JSON.parse(row))).toMatchObject([
      { organizationId: own.id, subject: identity.subject, audience: identity.audience, googleServiceAccount: null },
    ])
    expect(after.PlatformAuditEvent?.map((row) => JSON.parse(row))).toMatchObject([
      { action: 'organization.delete', actorKind: 'API_KEY', before: { slug: own.slug, name: 'Test' } },
    ])
    expect(after.Change?.map((row) => JSON.parse(row))).toMatchObject([{ noun: 'Organization', change: 'DELETED' }])
    expect((await app.send(own.key, '{ viewer { subject } }')).errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }])
    expect(await deleteAs(app.adminKey, own.id, own.slug)).toEqual({ deletedIds: [], alreadyAbsent: true, errors: [] })
  })

  test('frees its slug and never its identity', async () => {
    const own = await tenant(app)
    const { AwsIdentity: buried } = await rowsOf(app, own.id)
    await deleteAs(app.adminKey, own.id, own.slug)
    const again = await tenant(app)
    const { data } = await app.send(
      app.adminKey,
      `mutation { updateOrganization(input: { id: "${again.id}", slug: "${own.slug}" }) { organization { slug } errors { code } } }`,
    )
    expect(data.updateOrganization).toEqual({ organization: { slug: own.slug }, errors: [] })
    const { AwsIdentity: fresh } = await rowsOf(app, again.id)
    const [old, made] = [buried, fresh].map((rows) => JSON.parse(rows?.[0] ?? '{}'))
    expect(made.subject).not.toBe(old.subject)
    expect(made.audience).not.toBe(old.audience)
  })

  test('of one that had no identity leaves no tombstone', async () => {
    const bare = await app.organization()
    expect((await deleteAs(bare.key, bare.id, bare.slug)).alreadyAbsent).toBe(false)
    expect((await rowsOf(app, bare.id)).AwsIdentityTombstone).toEqual([])
  })

  test('needs its slug, exactly: without it nothing changes', async () => {
    const own = await tenant(app)
    const before = await rowsOf(app, own.id)
    for (const slug of ['', own.slug.toUpperCase(), `${own.slug} `, own.id]) {
      const refused = await deleteAs(own.key, own.id, slug)
      expect(refused.errors).toEqual([{ __typename: 'ValidationError', code: 'INVALID_VALUE', path: ['input', 'confirmSlug'] }])
      expect(refused.deletedIds).toEqual([])
    }
    expect(await rowsOf(app, own.id)).toEqual(before)
  })

  test("is not for somebody else's: the answer is that of an unknown one, and nothing changes", async () => {
    const [own, foreign] = [await tenant(app), await tenant(app)]
    const before = await rowsOf(app, foreign.id)
    for (const id of [foreign.id, newId('org'), 'nonsense']) {
      expect(await deleteAs(own.key, id, foreign.slug)).toEqual({ deletedIds: [], alreadyAbsent: true, errors: [] })
    }
    expect(await rowsOf(app, foreign.id)).toEqual(before)
  })

  test('while others work in it leaves nothing, and nobody gets an unexplained answer', { timeout: 60_000 }, async () => {
    for (let round = 0; round < 6; round++) {
      const own = await tenant(app)
      const ready = await Promise.all([1, 2, 3].map(() => own.bring(itemOf('ACCESS_LOGS'), 'CONFIGURE')))
      // Nothing of what went is selected: that it is gone by the time it is read would be no fault.
      const send = async (call: string): Promise<Data> => {
        const { data, errors } = await app.send(own.key, `mutation { call: ${call} { errors { __typename } } }`)
        if (errors) throw new Error(errors.map(({ message }) => message).join())
        return data.call
      }
      const working = [
        ...Array.from({ length: 6 }, () =>
          send(`stageComponent(input: { organizationId: "${own.id}", kind: ACCESS_LOGS, itemId: "${newAccount()}" })`),
        ),
        ...ready.map(({ id }) => send(`configureComponent(input: { id: "${id}", config: { accessLogs: {} } })`)),
        ...ready.map(({ id }) => send(`verifyComponent(input: { id: "${id}" })`)),
        send(`verifyComponents(input: { organizationId: "${own.id}", ids: ["${ready[0].id}"] })`),
        send(`installAwsIntegration(input: { organizationId: "${own.id}" })`),
      ]
      const [deleted, ...others] = await Promise.allSettled([deleteAs(app.adminKey, own.id, own.slug), ...working])
      expect(deleted).toMatchObject({ status: 'fulfilled', value: { errors: [], alreadyAbsent: false } })
      for (const other of others) {
        // Whoever came too late has no key any more, or finds nothing.
        if (other.status === 'rejected') expect(String(other.reason)).toMatch(/unknown, expired or revoked/)
        else for (const { __typename } of other.value.errors) expect(['NotFoundError', 'PreconditionError']).toContain(__typename)
      }
      const left = Object.entries(await rowsOf(app, own.id)).filter(([table, rows]) => rows.length > 0 && !outliving.includes(table))
      expect(left).toEqual([])
    }
  })

  test('leaves its queued jobs with nothing to do: they run and end', async () => {
    const own = await furnished()
    await deleteAs(app.adminKey, own.id, own.slug)
    const { pool } = app.booted.services.db
    const worker = await startWorker(app.booted.services, app.booted.databaseUrl)
    try {
      await vi.waitFor(async () => expect((await pool.query('select * from graphile_worker.jobs')).rows).toEqual([]), {
        timeout: 10_000,
        interval: 100,
      })
    } finally {
      await worker.stop()
    }
    expect((await rowsOf(app, own.id)).BackgroundOperation).toEqual([])
  })
})
