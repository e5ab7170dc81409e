import pg from 'pg'

export interface Counted<Result> {
  /** The texts of all statements of this process, in the order they were sent; BEGIN and COMMIT are statements too. */
  statements: string[]
  result: Result
}

const recorders = new Set<string[]>()

// Connections bind the method they find when they are made, so it is wrapped once, before any of them: import this file above all else.
const send = pg.Client.prototype.query as (...args: unknown[]) => unknown
function recorded(this: pg.Client, ...args: unknown[]): unknown {
  const [query] = args
  const text = typeof query === 'string' ? query : (query as { text?: string }).text
  for (const statements of recorders) statements.push(text ?? '')
  return send.apply(this, args)
}
pg.Client.prototype.query = recorded as typeof pg.Client.prototype.query

/** Runs `work` and tells which SQL statements were sent meanwhile, over any pg client of this process, Prisma's included. */
export async function countStatements<Result>(work: () => Promise<Result>): Promise<Counted<Result>> {
  const statements: string[] = []
  recorders.add(statements)
  try {
    return { statements, result: await work() }
  } finally {
    recorders.delete(statements)
  }
}
