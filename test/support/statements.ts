import pg from 'pg'

export interface SentQuery {
  text: string
  /** Under which the server keeps its plan; without one it is planned each time. */
  name?: string
  values?: unknown[]
}

export interface Counted<Result> {
  /** The texts of all statements of this process, in the order they were sent; BEGIN and COMMIT are statements too. */
  statements: string[]
  /** The same, as they were sent. */
  queries: SentQuery[]
  result: Result
}

const recorders = new Set<SentQuery[]>()

// Connections bind the method they find when they are made, so it is wrapped once, before any of them: import this file above all else.
const send = pg.Client.prototype.query as (...args: unknown[]) => unknown
function recorded(this: pg.Client, ...args: unknown[]): unknown {
  const [query] = args
  const sent = typeof query === 'string' ? { text: query } : { ...(query as SentQuery) }
  for (const queries of recorders) queries.push({ ...sent, text: sent.text ?? '' })
  return send.apply(this, args)
}
pg.Client.prototype.query = recorded as typeof pg.Client.prototype.query

/** Runs `work` and tells which SQL statements were sent meanwhile, over any pg client of this process, Prisma's included. */
export async function countStatements<Result>(work: () => Promise<Result>): Promise<Counted<Result>> {
  const queries: SentQuery[] = []
  recorders.add(queries)
  try {
    const result = await work()
    return { statements: queries.map(({ text }) => text), queries, result }
  } finally {
    recorders.delete(queries)
  }
}
