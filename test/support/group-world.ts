import { expect } from 'vitest'
import type { Data, TestApp } from './app.ts'
import { documentOf, type GroupTenant, groupTenant, permissionGroups, policy } from './groups.ts'
import { rowsOf } from './rows.ts'

/** An organization that has one of everything of this slice. */
export interface World extends GroupTenant {
  memberId: string
  resourceGroupId: string
  resourceGroupName: string
  secondResourceGroupId: string
  userGroupId: string
  userGroupName: string
  secondUserGroupId: string
  policyId: string
  otherPolicyId: string
  componentId: string
  integrationId: string
  accountId: string
}

/** An organization with all of it. */
export async function makeWorld(app: TestApp, accountId: string): Promise<World> {
  const tenant = await groupTenant(app)
  await tenant.ask(`mutation { installAwsIntegration(input: { organizationId: "${tenant.id}" }) { errors { message } } }`)
  const { stageComponent } = await tenant.ask(
    `mutation { stageComponent(input: { organizationId: "${tenant.id}", kind: INVENTORY, itemId: "${accountId}" }) { component { id integration { id } } } }`,
  )
  const [memberId] = (await tenant.members(1)) as [string]
  const resourceGroupId = await tenant.resourceGroup()
  const secondResourceGroupId = await tenant.resourceGroup()
  const group = await tenant.group([policy('ALLOW', permissionGroups.viewer, resourceGroupId)])
  const second = await tenant.group([policy('DENY', permissionGroups.viewer, resourceGroupId)])
  await tenant.must('setUserGroupMembers', { userGroupId: group.id, memberIds: [memberId] })
  const { resourceGroup } = await tenant.ask(`{ resourceGroup(id: "${resourceGroupId}") { name } }`)
  return {
    ...tenant,
    memberId,
    resourceGroupId,
    resourceGroupName: resourceGroup.name,
    secondResourceGroupId,
    userGroupId: group.id,
    userGroupName: group.name,
    secondUserGroupId: second.id,
    policyId: group.policies[0].id,
    otherPolicyId: second.policies[0].id,
    componentId: stageComponent.component.id,
    integrationId: stageComponent.component.integration.id,
    accountId,
  }
}

export type Expected = [typeName: string, code: string, path: string, more?: object]

export const invalid = (path: string, code: string): Expected => ['ValidationError', code, path]
export const outOfBounds = (path: string) => invalid(path, 'VALUE_OUT_OF_BOUNDS')
export const malformed = (path: string) => invalid(path, 'VALUE_INCORRECT_FORMAT')
export const twice = (path: string) => invalid(path, 'VALUE_DUPLICATE')
export const stale = (currentVersion: number): Expected => ['ConflictError', 'CONFLICT', 'input.expectedVersion', { currentVersion }]
export const notFound = (path: string): Expected => ['NotFoundError', 'NOT_FOUND', path]
export const quota = (path: string, limit: number): Expected => ['QuotaError', 'QUOTA_EXCEEDED', path, { limit }]

/** Runs it and says whether the rows of these organizations are what they were. */
export async function attempt(app: TestApp, worlds: World[], key: string, mutation: string, input: object): Promise<Data> {
  const rows = () => Promise.all(worlds.map(({ id }) => rowsOf(app, id)))
  const before = await rows()
  const { data, errors } = await app.send(key, documentOf(mutation), { input })
  expect(errors).toBeUndefined()
  expect(await rows()).toEqual(before)
  return data[mutation]
}

const payloadFields = ['members', 'member', 'resourceGroup', 'userGroup']

/** The refusals of a payload, at their places, with nothing to show for it. */
export function expectErrors(payload: Data, errors: Expected[]): void {
  expect(payload.errors.map(({ path, ...rest }: Data) => ({ ...rest, path: path.join('.') }))).toEqual(
    errors.map(([__typename, code, path, more]) => expect.objectContaining({ __typename, code, path, ...more })),
  )
  for (const field of payloadFields) if (field in payload) expect(payload[field]).toBeNull()
  if ('deletedIds' in payload) expect(payload).toMatchObject({ deletedIds: [], alreadyAbsent: false })
}
