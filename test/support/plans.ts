import type pg from 'pg'
import type { SentQuery } from './statements.ts'

/** A step of a plan, as `explain (analyze, format json)` tells it. */
interface Step {
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  'Rows Removed by Join Filter'?: number
  'Rows Removed by Index Recheck'?: number
  Plans?: Step[]
}

/** A statement is planned for its values each time, or once for whatever values: as prepared ones are after some calls. */
export type Planning = 'force_custom_plan' | 'force_generic_plan'

/** Rows that a statement looks at, in all steps of its plan. `client` is connected as the server's connections are. */
export async function rowsLookedAt(client: pg.ClientBase, { text, values = [] }: SentQuery, planning: Planning): Promise<number> {
  await client.query(`set plan_cache_mode = ${planning}`)
  await client.query(`prepare looked_at as ${text}`)
  try {
    const given = values.length > 0 ? `(${values.map((value) => literal(client, value)).join(', ')})` : ''
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Step }] }>(`explain (analyze, format json) execute looked_at ${given}`)
    return rowsIn(rows[0]!['QUERY PLAN'][0].Plan)
  } finally {
    await client.query('deallocate looked_at')
    await client.query('reset plan_cache_mode')
  }
}

function literal(client: pg.ClientBase, value: unknown): string {
  if (value === null) return 'null'
  if (value instanceof Date) return client.escapeLiteral(value.toISOString())
  return client.escapeLiteral(Array.isArray(value) ? `{${value.map((item) => JSON.stringify(String(item))).join()}}` : String(value))
}

const rowsIn = (step: Step): number =>
  (step['Actual Rows'] +
    (step['Rows Removed by Filter'] ?? 0) +
    (step['Rows Removed by Join Filter'] ?? 0) +
    (step['Rows Removed by Index Recheck'] ?? 0)) *
    step['Actual Loops'] +
  (step.Plans ?? []).reduce((sum, inner) => sum + rowsIn(inner), 0)
