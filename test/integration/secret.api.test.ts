import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSecret } from '../../src/integration/secret-store.ts'
import { createKeyring } from '../../src/secrets/keyring.ts'
import { rewrapRecords } from '../../src/secrets/rewrap-records.ts'
import { startTestApp, type TestApp, type TestOrganization } from '../support/app.ts'
import { rowsOf } from '../support/rows.ts'
import { call, done, postgresql, read, short } from './integrations.ts'

const parameters = { username: 'reader', password: 'a well-kept secret' }
let app: TestApp
let own: TestOrganization
beforeAll(async () => {
  app = await startTestApp()
  own = await app.organization()
})
afterAll(() => app?.close())

const make = (name: string) => call(own, 'createIntegration', postgresql(own.id, name)).then(done)
const sealedOf = async (id: string): Promise<string> =>
  (await app.booted.services.db.pool.query('select "sealedSecret" from "Integration" where "id" = $1', [id])).rows[0].sealedSecret

describe('a built-in secret', () => {
  it('is kept encrypted, opens for its own integration alone, and stands in no answer, row or event', async () => {
    const { id, secretStore } = await make('sealed')
    expect(secretStore).toEqual({
      __typename: 'BuiltInSecretStore',
      parameterNames: ['password', 'username'],
      updatedAt: secretStore.updatedAt,
    })
    expect(Math.abs(Date.now() - Date.parse(secretStore.updatedAt))).toBeLessThan(60_000)
    expect(JSON.stringify(await rowsOf(app, own.id))).not.toContain(parameters.password)
    const sealedSecret = await sealedOf(id)
    const { keyring } = app.booted.services
    expect(openSecret(keyring, { organizationId: own.id, id, sealedSecret })).toEqual(parameters)
    const other = await app.organization()
    const { id: otherId } = await make('another')
    expect(() => openSecret(keyring, { organizationId: other.id, id, sealedSecret })).toThrow()
    expect(() => openSecret(keyring, { organizationId: own.id, id: otherId, sealedSecret })).toThrow()
  })

  it.each([
    ['host', { host: 'evil.example.com' }],
    ['port', { host: 'db.example.com', port: 6543 }],
    ['database', { host: 'db.example.com', database: 'other' }],
    ['TLS mode', { host: 'db.example.com', tlsMode: 'disable' }],
    ['certificates', { host: 'db.example.com', caCertificate: '-----BEGIN CERTIFICATE-----' }],
  ])('has to be sent again with another %s', async (what, config) => {
    const { id } = await make(`target ${what}`)
    const before = await rowsOf(app, own.id)
    const refused = await call(own, 'updateIntegration', { id, config })
    expect(short(refused.errors)).toEqual(['ValidationError REQUIRED_VALUE_MISSING input.secretStore'])
    expect(await rowsOf(app, own.id)).toEqual(before)
    const sent = { builtIn: { parameters: { username: 'reader', password: 'new' } } }
    const after = done(await call(own, 'updateIntegration', { id, config, secretStore: sent }))
    expect(after.config).toEqual(config)
    const sealedSecret = await sealedOf(id)
    expect(openSecret(app.booted.services.keyring, { organizationId: own.id, id, sealedSecret })).toEqual({
      username: 'reader',
      password: 'new',
    })
  })

  it('stays where its parameters say the same in other words', async () => {
    const { id } = await make('same target')
    const before = await sealedOf(id)
    done(await call(own, 'updateIntegration', { id, name: 'same target, renamed' }))
    done(await call(own, 'updateIntegration', { id, config: { host: 'db.example.com', port: 5432, tlsMode: 'verify-full' } }))
    expect(await sealedOf(id)).toBe(before)
  })

  it('is told in the audit by its names alone', async () => {
    const { id } = await make('audited')
    const secretStore = { builtIn: { parameters: { username: 'reader', password: 'another one' } } }
    done(await call(own, 'updateIntegration', { id, secretStore }))
    const { organization } = await own.ask(
      `{ organization(id: "${own.id}") { auditEvents(filter: { subjectIds: ["${id}"], action: "integration.update" }) { nodes { after } } } }`,
    )
    expect(Object.keys(organization.auditEvents.nodes[0].after)).toEqual(['secretStore'])
    expect(JSON.stringify(organization)).not.toContain('another one')
  })

  it('comes under a new key with the rotation', async () => {
    const { id } = await make('rotated')
    const old = Buffer.alloc(32, 7)
    const keyring = createKeyring([
      { id: 'new', key: Buffer.alloc(32, 9) },
      { id: 'test', key: old },
    ])
    const { rewrapped, failed } = await rewrapRecords(app.booted.services.db.pool, keyring)
    expect(failed).toEqual([])
    expect(rewrapped).toBeGreaterThan(0)
    const sealedSecret = await sealedOf(id)
    expect(sealedSecret.split('.')[1]).toBe('new')
    expect(openSecret(keyring, { organizationId: own.id, id, sealedSecret })).toEqual(parameters)
    // Back, for the tests beside this one.
    await rewrapRecords(
      app.booted.services.db.pool,
      createKeyring([
        { id: 'test', key: old },
        { id: 'new', key: Buffer.alloc(32, 9) },
      ]),
    )
    expect((await read(own, id)).version).toBe(1)
  })
})
