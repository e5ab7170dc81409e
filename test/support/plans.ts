/** A step of a plan, as `explain (analyze, format json)` tells it. */
export interface Step {
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  'Rows Removed by Join Filter'?: number
  'Rows Removed by Index Recheck'?: number
  Plans?: Step[]
}

/** Rows that a plan looked at, in all its steps. */
export const rowsLookedAt = (step: Step): number =>
  (step['Actual Rows'] +
    (step['Rows Removed by Filter'] ?? 0) +
    (step['Rows Removed by Join Filter'] ?? 0) +
    (step['Rows Removed by Index Recheck'] ?? 0)) *
    step['Actual Loops'] +
  (step.Plans ?? []).reduce((sum, inner) => sum + rowsLookedAt(inner), 0)
