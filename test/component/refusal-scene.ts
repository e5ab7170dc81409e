import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { newAccount } from '../support/aws-setup.ts'
import { itemOf, refusalOf, type StagedKind, stagedKinds, type Tenant, tenant } from '../support/component-story.ts'
import { rowsOf } from '../support/rows.ts'

/** What refused calls are made against. */
export interface Scene {
  app: TestApp
  own: Tenant
  foreign: Tenant
  /** An account that nothing mentions. */
  account: string
  staged: Data
  installed: Data
  base: Data
  gov: Data
  /** One of each kind, all of one account. */
  configurable: Record<StagedKind, Data>
  foreignComponent: Data
}

export type Refusal = [typename: string, code: string, path: string]
export type Case = [title: string, call: (scene: Scene) => Promise<Data>, refusal: Refusal]

/** Sets the scene before the tests of the calling file; the function returned gives it to them. */
export function useScene(): () => Scene {
  let scene: Scene
  beforeAll(async () => {
    const app = await startTestApp()
    const [own, foreign] = [await tenant(app), await tenant(app)]
    const shared = newAccount()
    const configurable = {} as Scene['configurable']
    for (const { kind } of stagedKinds) configurable[kind] = await own.bring(itemOf(kind, shared), 'CONFIGURE')
    scene = {
      app,
      own,
      foreign,
      account: newAccount(),
      staged: await own.bring(itemOf('INVENTORY'), 'STAGE'),
      installed: await own.bring(itemOf('INVENTORY'), 'INSTALLED'),
      base: (await own.calls.all({ kinds: ['BASE'], accountIds: [shared] }))[0],
      gov: await own.bring(itemOf('IAM_ASSESSMENT', newAccount(), 'AWS_US_GOV'), 'CONFIGURE'),
      configurable,
      foreignComponent: await foreign.bring(itemOf('INVENTORY'), 'CONFIGURE'),
    }
  })
  afterAll(() => scene?.app.close())
  return () => scene
}

/** A test a case: the refusal is the one expected, says something, and leaves every row of both organizations as it was. */
export function expectRefusals(sceneOf: () => Scene, cases: Case[]): void {
  test.each(cases)('%s', async (_title, call, refusal) => {
    const scene = sceneOf()
    const rows = () => Promise.all([rowsOf(scene.app, scene.own.id), rowsOf(scene.app, scene.foreign.id)])
    const before = await rows()
    const payload = await call(scene)
    expect(refusalOf(payload)).toEqual(refusal)
    expect(payload.errors[0].message).toMatch(/[.!]$/)
    expect(await rows()).toEqual(before)
  })
}

export const malformed = (...path: string[]): Refusal => ['ValidationError', 'VALUE_INCORRECT_FORMAT', path.join('.')]
export const invalid = (...path: string[]): Refusal => ['ValidationError', 'INVALID_VALUE', path.join('.')]
export const required = (...path: string[]): Refusal => ['ValidationError', 'REQUIRED_VALUE_MISSING', path.join('.')]
export const outOfBounds = (...path: string[]): Refusal => ['ValidationError', 'VALUE_OUT_OF_BOUNDS', path.join('.')]
export const notFound = (...path: string[]): Refusal => ['NotFoundError', 'NOT_FOUND', path.join('.')]
export const notAllowed = (...path: string[]): Refusal => ['TransitionError', 'INVALID_TRANSITION', path.join('.')]
export const stale: Refusal = ['ConflictError', 'CONFLICT', 'input.expectedVersion']
