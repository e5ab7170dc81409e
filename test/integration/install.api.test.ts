import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../src/platform/typeid.ts'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { newAccount } from '../support/aws-setup.ts'
import { componentCalls } from '../support/component-calls.ts'
import { accepted, itemOf, refusalOf, stagedKinds, type Tenant, tenant } from '../support/component-story.ts'
import { rowsOf } from '../support/rows.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.close())

const baseOf = async ({ calls }: Tenant): Promise<Data> => (await calls.all({ kinds: ['BASE'] }))[0]
const identityOf = ({ serviceAccountId, serviceAccountEmail, issuer, subject }: Data) => ({
  serviceAccountId,
  serviceAccountEmail,
  issuer,
  subject,
})

describe('installing', () => {
  test('makes one integration of type aws; again is a success that changes nothing', async () => {
    const organization = await app.organization()
    const calls = componentCalls(organization)
    const first = accepted(await calls.install())
    expect(first).toMatchObject({ alreadyInstalled: false, integration: { name: 'aws', status: 'INITIALIZING', type: { type: 'aws' } } })
    const before = await rowsOf(app, organization.id)
    expect(accepted(await calls.install())).toEqual({ ...first, alreadyInstalled: true })
    expect(await rowsOf(app, organization.id)).toEqual(before)
  })

  test('by 20 callers at once makes one integration, one identity and one audit event', async () => {
    const organization = await app.organization()
    const calls = componentCalls(organization)
    const answers = await Promise.all(Array.from({ length: 20 }, () => calls.install()))
    expect(new Set(answers.map((answer) => accepted(answer).integration.id)).size).toBe(1)
    expect(answers.filter(({ alreadyInstalled }) => !alreadyInstalled)).toHaveLength(1)
    const { Integration, AwsIdentity, AuditEvent } = await rowsOf(app, organization.id)
    expect([Integration?.length, AwsIdentity?.length]).toEqual([1, 1])
    expect(AuditEvent?.filter((event) => event.includes('integration.install'))).toHaveLength(1)
  })

  test('gives no two organizations the same identity', async () => {
    const tenants = await Promise.all(Array.from({ length: 10 }, () => tenant(app)))
    const bases = []
    for (const each of tenants) {
      accepted(await each.calls.stage(itemOf('ACCESS_LOGS')))
      bases.push(await baseOf(each))
    }
    for (const field of ['serviceAccountId', 'serviceAccountEmail', 'subject'])
      expect(new Set(bases.map((base) => base[field])).size).toBe(10)
    for (const [index, base] of bases.entries()) expect(base.subject).toBe(`organization:${tenants[index]?.id}`)
  })

  test('where another integration has the name is refused and names that one', async () => {
    const organization = await app.organization()
    const namesake = newId('int')
    await app.booted.services.db.pool.query(
      `insert into "Integration" ("id", "organizationId", "name", "type") values ($1, $2, 'aws', 'custom')`,
      [namesake, organization.id],
    )
    const before = await rowsOf(app, organization.id)
    const { installAwsIntegration } = await organization.ask(
      `mutation { installAwsIntegration(input: { organizationId: "${organization.id}" }) { integration { id } errors { __typename path ... on DuplicateError { existing { id } } } } }`,
    )
    expect(installAwsIntegration).toEqual({
      integration: null,
      errors: [{ __typename: 'DuplicateError', path: ['input', 'organizationId'], existing: { id: namesake } }],
    })
    expect(await rowsOf(app, organization.id)).toEqual(before)
  })

  test('is followed by ACTIVE once a component is installed', async () => {
    const own = await tenant(app)
    expect((await own.bring(itemOf('INVENTORY'), 'CONFIGURE')).integration.status).toBe('INITIALIZING')
    expect((await own.bring(itemOf('INVENTORY'), 'INSTALLED')).integration.status).toBe('ACTIVE')
  })
})

describe('uninstalling', () => {
  test('removes every component, BASE and the integration, names them all, and leaves identity and accounts', async () => {
    const own = await tenant(app)
    const accounts = [newAccount(), newAccount()]
    for (const { kind } of stagedKinds) await own.bring(itemOf(kind, accounts[0]), 'INSTALLED')
    await own.bring(itemOf('INVENTORY', accounts[1]), 'STAGE')
    const components = await own.calls.all()
    const integrationId = components[0].integration.id
    const identity = identityOf(await baseOf(own))
    const before = await rowsOf(app, own.id)

    const uninstalled = accepted(await own.calls.uninstall())
    expect(uninstalled).toMatchObject({ alreadyAbsent: false, organization: { id: own.id } })
    expect([...uninstalled.deletedIds].sort()).toEqual([integrationId, ...components.map(({ id }) => id)].sort())
    const after = await rowsOf(app, own.id)
    for (const table of ['Integration', 'Component', 'RoleSetup', 'Verification']) expect(after[table]).toEqual([])
    expect(after.AwsIdentity).toEqual(before.AwsIdentity)
    expect(after.AwsAccount).toEqual(before.AwsAccount)
    const events = await own.ask(`{ organization(id: "${own.id}") { auditEvents(first: 200) { nodes { action subjectId } } } }`)
    const told = events.organization.auditEvents.nodes.filter(({ action }: Data) => action === 'component.remove')
    expect(told.map(({ subjectId }: Data) => subjectId).sort()).toEqual(components.map(({ id }) => id).sort())

    expect(accepted(await own.calls.uninstall())).toMatchObject({ deletedIds: [], alreadyAbsent: true })
    expect(refusalOf(await own.calls.stage(itemOf('INVENTORY')))).toEqual([
      'PreconditionError',
      'PRECONDITION_FAILED',
      'input.organizationId',
    ])
    const again = accepted(await own.calls.install())
    expect(again).toMatchObject({ alreadyInstalled: false })
    expect(again.integration.id).not.toBe(integrationId)
    accepted(await own.calls.stage(itemOf('INVENTORY', accounts[1])))
    expect(identityOf(await baseOf(own))).toEqual(identity)
  })

  test.each<[string, (integrationId: string, component: Data, resourceId: string) => string]>([
    ['the integration', (id) => `integration.${id}`],
    ['a component of it', (_id, component) => `component.${component.id}`],
    ['a resource of it', (_id, _component, resourceId) => `resource.${resourceId}`],
  ])('is refused while a resource group names %s, and names the group', async (_what, keyOf) => {
    const own = await tenant(app)
    const component = await own.bring(itemOf('ACCESS_LOGS'), 'STAGE')
    const integrationId = component.integration.id
    const resourceId = newId('res')
    await app.booted.services.db.pool.query(
      `insert into "Resource" ("id", "organizationId", "integrationId", "externalId", "name", "type", "status") values ($1, $2, $3, 'a', 'a', 'b', 'ACTIVE')`,
      [resourceId, own.id, integrationId],
    )
    const { createResourceGroup } = await own.ask(
      'mutation ($input: CreateResourceGroupInput!) { createResourceGroup(input: $input) { resourceGroup { id } errors { message } } }',
      {
        input: {
          organizationId: own.id,
          name: 'naming',
          scope: [{ key: `organization.${own.id}`, objects: [{ key: keyOf(integrationId, component, resourceId) }] }],
        },
      },
    )
    expect(createResourceGroup.errors).toEqual([])
    const before = await rowsOf(app, own.id)
    const { errors, deletedIds } = await own.calls.uninstall()
    const blockers = [{ id: createResourceGroup.resourceGroup.id }]
    expect(errors).toMatchObject([{ __typename: 'PreconditionError', path: ['input', 'organizationId'], blockers }])
    expect(deletedIds).toEqual([])
    expect(await rowsOf(app, own.id)).toEqual(before)
    await own.ask(`mutation { deleteResourceGroup(input: { id: "${createResourceGroup.resourceGroup.id}" }) { deletedIds } }`)
    expect(accepted(await own.calls.uninstall()).deletedIds).toContain(integrationId)
  })

  test('is refused while the owners of another integration are looked up in it', async () => {
    const own = await tenant(app)
    const { integration } = await own.bring(itemOf('ACCESS_LOGS'), 'STAGE')
    const owner = { attributeType: 'a', attributeValues: ['b'], sourceIntegrationId: integration.id }
    const { createIntegration } = await own.ask(
      'mutation ($input: CreateIntegrationInput!) { createIntegration(input: $input) { integration { id } errors { message } } }',
      { input: { organizationId: own.id, name: 'other', type: 'custom', config: {}, owner } },
    )
    const { errors } = await own.calls.uninstall()
    expect(errors).toMatchObject([{ __typename: 'PreconditionError', blockers: [{ id: createIntegration.integration.id }] }])
    await own.ask(`mutation { deleteIntegration(input: { id: "${createIntegration.integration.id}" }) { deletedIds } }`)
    expect(accepted(await own.calls.uninstall()).alreadyAbsent).toBe(false)
  })

  test('needs the slug, exactly: without it nothing changes', async () => {
    const own = await tenant(app)
    await own.bring(itemOf('INVENTORY'), 'INSTALLED')
    const before = await rowsOf(app, own.id)
    for (const slug of ['', own.slug.toUpperCase(), ` ${own.slug}`, own.id]) {
      expect(refusalOf(await own.calls.uninstall(slug))).toEqual(['ValidationError', 'INVALID_VALUE', 'input.confirmSlug'])
    }
    expect(await rowsOf(app, own.id)).toEqual(before)
  })

  test("is not for somebody else's organization: the answer is that of an unknown one, and nothing changes", async () => {
    const [own, foreign] = [await tenant(app), await tenant(app)]
    const before = await rowsOf(app, foreign.id)
    for (const id of [foreign.id, newId('org')]) {
      const calls = componentCalls({ ...own, id })
      expect(refusalOf(await calls.uninstall(foreign.slug))).toEqual(['NotFoundError', 'NOT_FOUND', 'input.organizationId'])
      expect(refusalOf(await calls.install())).toEqual(['NotFoundError', 'NOT_FOUND', 'input.organizationId'])
    }
    expect(await rowsOf(app, foreign.id)).toEqual(before)
  })

  test('while others stage, configure, remove and install leaves no orphan, and nobody gets an unexplained answer', {
    timeout: 60_000,
  }, async () => {
    const own = await tenant(app)
    const { pool } = app.booted.services.db
    for (let round = 0; round < 8; round++) {
      accepted(await own.calls.install())
      const ready = await Promise.all([1, 2, 3, 4].map(() => own.bring(itemOf('ACCESS_LOGS'), 'CONFIGURE')))
      const answers = await Promise.all([
        ...Array.from({ length: 8 }, () => own.calls.stage(itemOf('ACCESS_LOGS'))),
        ...ready.map(({ id }) => own.calls.configure(id, { accessLogs: {} })),
        ...ready.map(({ id }) => own.calls.remove(id)),
        own.calls.uninstall(),
        ...(round % 2 === 0 ? [own.calls.install()] : []),
      ])
      const allowed = ['PreconditionError', 'NotFoundError', 'ConflictError']
      for (const { errors } of answers) for (const { __typename } of errors) expect(allowed).toContain(__typename)
      const { rows } = await pool.query(
        `select (select count(*)::int from "Integration" where "organizationId" = $1) as "integrations",
          (select count(*)::int from "Component" where "organizationId" = $1 and "kind" <> 'BASE') as "components",
          (select count(*)::int from "Component" b where b."organizationId" = $1 and b."kind" = 'BASE'
            and not exists (select 1 from "Component" o where o."awsAccountId" = b."awsAccountId" and o."kind" <> 'BASE')) as "lonely",
          (select count(*)::int from "Component" c where c."organizationId" = $1 and c."kind" <> 'BASE'
            and not exists (select 1 from "Component" b where b."awsAccountId" = c."awsAccountId" and b."kind" = 'BASE')) as "baseless"`,
        [own.id],
      )
      expect(rows[0]).toMatchObject({ lonely: 0, baseless: 0 })
      if (rows[0].integrations === 0) expect(rows[0].components).toBe(0)
    }
    const { AwsIdentity } = await rowsOf(app, own.id)
    expect(AwsIdentity).toHaveLength(1)
  })
})
