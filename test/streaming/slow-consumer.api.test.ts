import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startTestApp, type TestApp } from '../support/app.ts'
import { itemOf, tenant } from '../support/component-story.ts'
import { subscribe } from '../support/subscriber.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.close())

/** About 40 kB an event. */
const large = `subscription ($organizationId: ID!) { componentChanged(organizationId: $organizationId) { id component { setup {
  ${['a', 'b', 'c', 'd'].map((name) => `${name}1: terraform ${name}2: cloudFormation ${name}3: awsCli`).join(' ')} } } } }`
const small = 'subscription ($organizationId: ID!) { componentChanged(organizationId: $organizationId) { id change } }'

/** Subscribes and then reads nothing more. */
const silent = {
  WebSocket: async (key: string, organizationId: string) => {
    const socket = new WebSocket(`${app.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    socket.on('error', () => undefined)
    await new Promise((resolve) => socket.once('open', resolve))
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } }))
    await new Promise((resolve) => socket.once('message', resolve))
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: large, variables: { organizationId } } }))
    socket.pause()
    return () => socket.terminate()
  },
  'event stream': async (key: string, organizationId: string) => {
    const headers = { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${key}` }
    const outgoing = request(`${app.url}/graphql`, { method: 'POST', headers }, (response) => response.pause())
    outgoing.on('error', () => undefined)
    outgoing.end(JSON.stringify({ query: large, variables: { organizationId } }))
    return () => outgoing.destroy()
  },
}

test.each(Object.entries(silent))(
  'a subscriber over %s that does not read is dropped, holds next to no memory, and those who read miss nothing',
  async (_name, begin) => {
    const { changes, db } = app.booted.services
    const organization = await tenant(app)
    const { id } = await organization.bring(itemOf('INVENTORY'), 'STAGE')
    const leave = await begin(organization.key, organization.id)
    await expect.poll(() => changes.subscriptions).toBe(1)
    const reader = subscribe('WebSocket', app.url, organization.key, small, { organizationId: organization.id })
    await expect.poll(() => changes.subscriptions).toBe(2)
    const before = process.memoryUsage()
    const total = 4_000
    await db.pool.query(
      `with written as (insert into "Change" ("organizationId", "noun", "subjectId", "change") select $1, 'Component', $2, 'UPDATED' from generate_series(1, $3::int))
       select pg_notify('gatehouse_change', '')::text`,
      [organization.id, id, total],
    )
    await expect.poll(() => changes.subscriptions, { timeout: 30_000 }).toBe(1)
    await expect.poll(() => reader.events.length, { timeout: 30_000 }).toBe(total)
    const after = process.memoryUsage()
    // Kept for it would have been 4,000 events of 40 kB: 160 MB.
    expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(80_000_000)
    reader.stop()
    leave()
    await expect.poll(() => changes.subscriptions).toBe(0)
  },
  90_000,
)
