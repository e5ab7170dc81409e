import type { FastifyRequest } from 'fastify'
import type { DocumentNode } from 'graphql'
import { LRUCache } from 'lru-cache'

/** Texts kept: as many as there are compiled queries. A document takes up to 150 bytes a character, of all together some 80 MB at the worst. */
const maxKnown = 500
const maxKnownCharacters = 512 * 1024
/** Of one of them; what front ends send is a tenth of it. */
const maxCharacters = 16 * 1024

/** What Apollo Server answers clients with by what they accept. Any other list it reads itself. */
export const contentTypes = new Map<string | undefined, string>([
  [undefined, 'application/json; charset=utf-8'],
  ['*/*', 'application/json; charset=utf-8'],
  ['application/json', 'application/json; charset=utf-8'],
  ['application/json, */*', 'application/json; charset=utf-8'],
  ['application/graphql-response+json', 'application/graphql-response+json; charset=utf-8'],
  // Apollo Client, then Apollo Router.
  ['application/graphql-response+json,application/json;q=0.9', 'application/graphql-response+json; charset=utf-8'],
])

export interface KnownOperation {
  document: DocumentNode
  documentHash: string
  operationName: string | undefined
  variables: Record<string, unknown> | undefined
  /** Of the answer, unless it has errors. */
  contentType: string
}

interface KnownDocument {
  document: DocumentNode
  documentHash: string
}

/** Documents that Apollo Server has parsed and validated, by their text: what of the next request for one need not be done again. */
export class KnownOperations {
  readonly #documents = new LRUCache<string, KnownDocument>({ max: maxKnown, maxSize: maxKnownCharacters })

  learn(text: string, known: KnownDocument): void {
    if (text.length <= maxCharacters) this.#documents.set(text, known, { size: text.length + 1 })
  }

  /** The operation of a request that there is nothing more to look at; null: Apollo Server sees to it. */
  find({ method, headers, body }: Pick<FastifyRequest, 'method' | 'headers' | 'body'>): KnownOperation | null {
    if (method !== 'POST' || !headers['content-type']?.startsWith('application/json') || !isRecord(body)) return null
    const { query, operationName, variables, extensions } = body
    const contentType = contentTypes.get(headers.accept)
    if (!contentType || typeof query !== 'string' || (extensions !== undefined && extensions !== null)) return null
    if (typeof (operationName ?? '') !== 'string' || !isRecord(variables ?? {})) return null
    const known = this.#documents.get(query)
    if (!known) return null
    return {
      ...known,
      operationName: (operationName ?? undefined) as string | undefined,
      variables: (variables ?? undefined) as Record<string, unknown> | undefined,
      contentType,
    }
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
