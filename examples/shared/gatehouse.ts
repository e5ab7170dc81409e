import type { TypedDocumentString, UserErrorCode } from '../generated/operations.ts'
import { Patience } from './patience.ts'

/** The connection broke after a mutation was sent: only the server knows whether it took effect. Read, and go on from there. */
export class Interrupted extends Error {}

/** Nothing that another attempt would mend. */
export class RequestError extends Error {}

/** An error of a payload, as every operation here selects it. */
export interface UserError {
  __typename: string
  code: UserErrorCode
  message: string
  path: string[]
  remediation?: string | null
  retryable?: boolean
}

/** Longest a single request may take: staging 500 components is the longest. */
const requestTimeoutMs = 120_000

/** A GraphQL client over fetch. */
export class Gatehouse {
  /** Requests sent so far, attempts counted one by one. */
  readonly sent: { queries: number; mutations: number } = { queries: 0, mutations: 0 }

  constructor(
    readonly settings: { url: string; key: string; patienceMs: number; fetch?: typeof fetch },
    sent?: Gatehouse['sent'],
  ) {
    if (sent) this.sent = sent
  }

  /** The same server with another key. */
  withKey(key: string): Gatehouse {
    return new Gatehouse({ ...this.settings, key }, this.sent)
  }

  /**
   * Sends an operation and returns its data. While the server is away (connection refused or reset, 503) it is sent again until the
   * patience is over; a mutation that may have arrived only with `mayRepeat`: what it did is found done, or does no harm.
   * @throws Interrupted for another mutation whose answer was lost
   * @throws RequestError for everything else that stands in the way
   */
  async ask<Data, Variables>(
    document: TypedDocumentString<Data, Variables>,
    variables: Variables,
    { mayRepeat = false } = {},
  ): Promise<Data> {
    const query = document.toString()
    const isMutation = /^\s*mutation\b/.test(query)
    const patience = new Patience(this.settings.patienceMs)
    for (;;) {
      this.sent[isMutation ? 'mutations' : 'queries']++
      const answer = await this.#post(JSON.stringify({ query, variables }))
      if ('body' in answer) return dataOf<Data>(answer.body)
      if (isMutation && answer.mayHaveArrived && !mayRepeat) throw new Interrupted(answer.reason)
      if (!(await patience.wait(answer.retryAfterMs))) {
        throw new RequestError(
          `${this.settings.url} did not answer for ${this.settings.patienceMs / 1000} s: ${answer.reason}. What was done stays done; run this again to go on.`,
        )
      }
    }
  }

  async #post(body: string): Promise<{ body: unknown } | Absence> {
    const { url, key, fetch: send = fetch } = this.settings
    try {
      const response = await send(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json', authorization: `Bearer ${key}` },
        body,
        signal: AbortSignal.timeout(requestTimeoutMs),
      })
      const text = await response.text()
      if (response.status !== 503) return { body: parsed(text, `${url} answered ${response.status} without GraphQL`) }
      const retryAfterMs = Number(response.headers.get('retry-after') ?? 0) * 1000 || 0
      return { reason: 'it answers 503, unavailable', mayHaveArrived: false, retryAfterMs }
    } catch (error) {
      if (error instanceof RequestError) throw error
      return absence(error, url)
    }
  }
}

export interface Page<Item> {
  nodes: Item[]
  pageInfo: { hasNextPage: boolean; endCursor: string | null }
}

/** Every item of a connection, read a page at a time. */
export async function* itemsOf<Item>(readPage: (after: string | null) => Promise<Page<Item> | null | undefined>): AsyncGenerator<Item> {
  for (let after: string | null = null; ; ) {
    const page: Page<Item> | null | undefined = await readPage(after)
    if (!page) return
    yield* page.nodes
    if (!page.pageInfo.hasNextPage) return
    after = page.pageInfo.endCursor
  }
}

interface Absence {
  reason: string
  mayHaveArrived: boolean
  retryAfterMs: number
}

/** A server that restarts refuses connections or drops them. Everything else that fetch throws is no restart. */
function absence(error: unknown, url: string): Absence {
  const { cause } = error as { cause?: { code?: string; message?: string } }
  if (cause?.code === 'ECONNREFUSED') return { reason: 'the connection is refused', mayHaveArrived: false, retryAfterMs: 0 }
  if (cause?.code && ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(cause.code)) {
    return { reason: 'the connection was lost', mayHaveArrived: true, retryAfterMs: 0 }
  }
  throw new RequestError(`${url} cannot be asked: ${cause?.message ?? (error as Error).message}`)
}

function dataOf<Data>(body: unknown): Data {
  const { data, errors } = body as { data?: Data | null; errors?: { message: string; path?: (string | number)[] }[] }
  if (errors?.length)
    throw new RequestError(errors.map(({ message, path }) => (path ? `${path.join('.')}: ${message}` : message)).join('\n'))
  if (!data) throw new RequestError('the answer holds neither data nor errors')
  return data
}

function parsed(text: string, problem: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new RequestError(problem)
  }
}

/** Whether the same call may succeed later. */
export const isRetryable = (errors: readonly UserError[]): boolean => errors.every(({ retryable }) => retryable === true)

/** For people: what is wrong, and how to mend it where the error says so. */
export const textOf = (errors: readonly UserError[]): string =>
  errors.map(({ message, remediation }) => (remediation ? `${message} ${remediation}` : message)).join(' ')
