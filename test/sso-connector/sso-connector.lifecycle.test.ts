import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { afterLookUp, allowedActions, type Finding, type LookedUp } from '../../src/sso-connector/sso-connector.lifecycle.ts'

const hourMs = 3_600_000
const start = new Date('2026-11-22T00:00:00Z')
const at = (hours: number) => new Date(start.getTime() + hours * hourMs)
const pending: LookedUp = { status: 'PENDING', attempts: 0, expiresAt: at(48), firstAbsentAt: null, lastAbsentAt: null }
const verified: LookedUp = { ...pending, status: 'VERIFIED', expiresAt: null }

test('each state allows its own actions, and an enabled connector only to be disabled', () => {
  const table = (['AWAITING', 'PENDING', 'FAILED', 'VERIFIED'] as const).map((status) => [
    status,
    allowedActions({ status, enabled: false }),
    allowedActions({ status, enabled: true }),
  ])
  expect(table).toEqual([
    ['AWAITING', ['BEGIN_VERIFICATION', 'DELETE'], ['DISABLE']],
    ['PENDING', ['DELETE'], ['DISABLE']],
    ['FAILED', ['BEGIN_VERIFICATION', 'DELETE'], ['DISABLE']],
    ['VERIFIED', ['ENABLE', 'DELETE'], ['DISABLE']],
  ])
})

describe('where a look-up leads', () => {
  const missing = (hours: number): LookedUp => ({ ...verified, firstAbsentAt: start, lastAbsentAt: at(hours) })
  const table: [string, LookedUp, Finding, number, string, number | null][] = [
    ['found', pending, 'FOUND', 0, 'VERIFIED', 24],
    ['found after the time is over', pending, 'FOUND', 49, 'VERIFIED', 24],
    ['not found yet', pending, 'ABSENT', 0, 'PENDING', 1 / 60],
    ['not found a moment before the time is over', pending, 'ABSENT', 48 - 1 / hourMs, 'PENDING', 1 / hourMs],
    ['not found when the time is over', pending, 'ABSENT', 48, 'FAILED', null],
    ['unclear', pending, 'UNCLEAR', 0, 'PENDING', 1 / 60],
    ['unclear when the time is over', { ...pending, attempts: 60 }, 'UNCLEAR', 48, 'PENDING', 1],
    ['still there', verified, 'FOUND', 0, 'VERIFIED', 24],
    ['missing', verified, 'ABSENT', 0, 'VERIFIED', 24],
    ['missing for a moment less than 7 days', missing(144), 'ABSENT', 168 - 1 / hourMs, 'VERIFIED', 24],
    ['missing for 7 days', missing(144), 'ABSENT', 168, 'FAILED', null],
    ['unclear after 7 days', missing(0), 'UNCLEAR', 200, 'VERIFIED', 24],
    ['back after 7 days without an answer', missing(0), 'FOUND', 200, 'VERIFIED', 24],
  ]
  test.each(table)('%s', (_name, connector, finding, hours, status, nextHours) => {
    const after = afterLookUp(connector, finding, at(hours), 60_000)
    expect(after?.status).toBe(status)
    const delayMs = after?.nextCheckAt ? after.nextCheckAt.getTime() - at(hours).getTime() : null
    expect(delayMs === null ? null : delayMs / hourMs).toBe(nextHours)
    expect(after?.expiresAt).toEqual(status === 'PENDING' ? connector.expiresAt : null)
  })

  test('nowhere from a state in which nothing is looked up', () => {
    for (const status of ['AWAITING', 'FAILED'] as const) expect(afterLookUp({ ...pending, status }, 'FOUND', start, 60_000)).toBeNull()
  })

  test('the time without the record is counted from the first clear answer, kept through unclear ones, and forgotten when it is found', () => {
    const first = afterLookUp(verified, 'ABSENT', at(0), 60_000)!
    expect(first).toMatchObject({ firstAbsentAt: at(0), lastAbsentAt: at(0) })
    const unclear = afterLookUp({ ...verified, ...first }, 'UNCLEAR', at(24), 60_000)!
    expect(unclear).toMatchObject({ firstAbsentAt: at(0), lastAbsentAt: at(0) })
    const second = afterLookUp({ ...verified, ...unclear }, 'ABSENT', at(48), 60_000)!
    expect(second).toMatchObject({ firstAbsentAt: at(0), lastAbsentAt: at(48) })
    expect(afterLookUp({ ...verified, ...second }, 'FOUND', at(72), 60_000)).toMatchObject({ firstAbsentAt: null, lastAbsentAt: null })
  })
})

test('without an answer nothing ever fails; with clear answers it fails exactly when its time is over, however they mix', () => {
  const finding = fc.constantFrom<Finding>('ABSENT', 'UNCLEAR')
  fc.assert(
    fc.property(fc.constantFrom(pending, verified), fc.array(finding, { minLength: 1, maxLength: 120 }), (from, findings) => {
      let connector = from
      let now = start
      let firstAbsentAt: Date | null = null
      for (const found of findings) {
        const after = afterLookUp(connector, found, now, 60_000)!
        if (found === 'ABSENT') firstAbsentAt ??= now
        const isOver = from === pending ? now >= at(48) : firstAbsentAt !== null && now.getTime() - firstAbsentAt.getTime() >= 168 * hourMs
        expect(after.status).toBe(found === 'ABSENT' && isOver ? 'FAILED' : from.status)
        if (after.status === 'FAILED') return
        expect(after.nextCheckAt!.getTime()).toBeGreaterThan(now.getTime())
        expect(after.nextCheckAt!.getTime() - now.getTime()).toBeLessThanOrEqual((from === pending ? 1 : 24) * hourMs)
        connector = { ...after, attempts: connector.attempts + 1 }
        now = after.nextCheckAt!
      }
    }),
  )
})
