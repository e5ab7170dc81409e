import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.close())

test('staging makes BASE once, hands out the setup and changes nothing the second time', async () => {
  const organization = await app.organization()
  await organization.ask(
    `mutation { installAwsIntegration(input: { organizationId: "${organization.id}" }) { alreadyInstalled integration { id } errors { message } } }`,
  )
  const stage = () =>
    organization.ask(`mutation { stageComponent(input: { organizationId: "${organization.id}", kind: INVENTORY, itemId: "111122223333" }) {
      component { id version state allowedActions label setup { roleName terraform } integration { name } } errors { __typename message path } } }`)
  const first = (await stage()).stageComponent
  expect(first).toMatchObject({
    errors: [],
    component: {
      state: 'STAGE',
      version: 1,
      allowedActions: ['STAGE', 'VERIFY', 'REMOVE'],
      setup: { roleName: 'GatehouseResourceInventory' },
    },
  })
  expect((await stage()).stageComponent).toEqual(first)
  const { organization: read } = await organization.ask(
    `{ organization(id: "${organization.id}") { components { totalCount nodes { kind state ... on BaseComponent { issuer subject } transitions { nodes { action fromState toState actor { kind } } } } } auditEvents { nodes { action outcome } } } }`,
  )
  expect(read.components.totalCount).toBe(2)
  console.dir(read, { depth: 9 })
})
