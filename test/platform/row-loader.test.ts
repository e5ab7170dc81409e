import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { RowLoader } from '../../src/platform/loader.ts'

interface Row {
  id: string
  at: number
}

/** A loader over rows of which those that begin with "no" are not there, and what it read, statement by statement. */
function recording({ fails = () => false }: { fails?: () => boolean } = {}) {
  const reads: string[][] = []
  const loader = new RowLoader<Row>(
    async (keys) => {
      reads.push([...keys])
      const at = reads.length
      await delay(5)
      if (fails()) throw new Error('the database is away')
      return keys
        .filter((id) => !id.startsWith('no'))
        .map((id) => ({ id, at }))
        .reverse()
    },
    ({ id }) => id,
  )
  return { loader, reads }
}

describe('what is asked for in one tick', () => {
  it('is one statement, one by one and many at once, each key once', async () => {
    const { loader, reads } = recording()
    const [one, none, many, more] = await Promise.all([
      loader.load('a'),
      loader.load('none'),
      loader.readAll(['b', 'a', 'nothing']),
      loader.readAll(new Set(['c', 'b'])),
    ])
    expect(reads.map((keys) => [...keys].sort())).toEqual([['a', 'b', 'c', 'none', 'nothing']])
    expect([one?.id, none, many.get('b')?.id, many.get('nothing'), more.get('c')?.id]).toEqual(['a', null, 'b', null, 'c'])
    // One thing, however it was asked for.
    expect(many.get('a')).toBe(one)
  })

  it('is split where it is more than a statement bears', async () => {
    const { loader, reads } = recording()
    const ids = Array.from({ length: 4_500 }, (_, index) => `id${index}`)
    const found = await loader.readAll(ids)
    expect(reads.map(({ length }) => length)).toEqual([2_000, 2_000, 500])
    expect(ids.every((id) => found.get(id)?.id === id)).toBe(true)
  })
})

it('nothing is read twice, neither what was read nor what is being read', async () => {
  const { loader, reads } = recording()
  const first = loader.readAll(['a', 'none'])
  await delay(2)
  const [second] = await Promise.all([loader.readAll(['a', 'b']), loader.load('a')])
  expect([...(await first).keys()]).toEqual(expect.arrayContaining(['a', 'none']))
  expect([second.get('a')?.at, second.get('b')?.at]).toEqual([1, 2])
  await loader.readAll(['a', 'b', 'none'])
  await loader.load('none')
  expect(reads).toEqual([['a', 'none'], ['b']])
})

it('a failure reaches everybody who waits for it, and is not kept', async () => {
  let isAway = true
  const { loader, reads } = recording({ fails: () => isAway })
  const first = loader.readAll(['a'])
  first.catch(() => undefined)
  await delay(2)
  const settled = await Promise.allSettled([first, loader.readAll(['a', 'b']), loader.load('c')])
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  isAway = false
  expect((await loader.readAll(['a', 'b'])).get('b')?.id).toBe('b')
  expect(reads.at(-1)).toEqual(['a', 'b'])
})
