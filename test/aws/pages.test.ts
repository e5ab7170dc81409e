import { describe, expect, test } from 'vitest'
import { type Page, pagesOf } from '../../src/aws/account-reader/pages.ts'
import { AwsProblem } from '../../src/aws/account-reader/problem.ts'
import type { Reading } from '../../src/aws/account-reader/reading.ts'

const reading = { clients: {}, signal: new AbortController().signal, secrets: new Set(), region: 'eu-west-1' } as unknown as Reading

/** What is told of a list that answers with these pages, one a call, and how it ends. */
async function read(pages: Page<string>[]) {
  const told: string[] = []
  const tokens: (string | undefined)[] = []
  const list = pagesOf(reading, 'IAM', 'iam:ListRoles', async (token) => {
    tokens.push(token)
    return pages[tokens.length - 1] ?? { items: [], next: undefined }
  })
  try {
    for await (const items of list) told.push(...items)
    return { told, tokens, problem: null }
  } catch (error) {
    if (!(error instanceof AwsProblem)) throw error
    return { told, tokens, problem: error.message }
  }
}

describe('a list that comes in pages', () => {
  test.each([undefined, ''])('is followed until a page names no next one (%j)', async (next) => {
    const pages = [
      { items: ['a'], next: 'one' },
      { items: [], next: 'two' },
      { items: ['b'], next },
    ]
    expect(await read(pages)).toEqual({ told: ['a', 'b'], tokens: [undefined, 'one', 'two'], problem: null })
  })

  test('that leads back to the page it came from is not complete, and is not asked for ever', async () => {
    const page = { items: ['a'], next: 'one' }
    expect(await read([page, page, page])).toEqual({
      told: ['a', 'a'],
      tokens: [undefined, 'one'],
      problem: 'iam:ListRoles: the list has no end.',
    })
  })

  test('that says there is more but not where is not complete', async () => {
    const found = await read([{ items: ['a'], next: undefined, isCut: true }])
    expect(found).toEqual({ told: ['a'], tokens: [undefined], problem: 'iam:ListRoles: the list has no end.' })
  })
})
