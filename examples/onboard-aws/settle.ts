import type { ComponentState } from '../generated/operations.ts'
import { type Gatehouse, Interrupted, isRetryable, textOf, type UserError } from '../shared/gatehouse.ts'
import { Patience } from '../shared/patience.ts'
import { type Output, startProgress } from '../shared/progress.ts'
import type { Components, Wanted } from './components.ts'

/** What every step works on. */
export interface Run {
  gatehouse: Gatehouse
  organizationId: string
  components: Components
  patienceMs: number
  output: Output
}

export interface Failure {
  wanted: Wanted
  errors: UserError[]
}

export interface Step {
  title: string
  /** The state that the step leads out of. */
  from: ComponentState | null
  /** Comes before each attempt. True: it changed how things stand, and the attempt is put off until that has been read. */
  prepare?(): Promise<boolean>
  batchesOf(left: Wanted[]): Wanted[][]
  /** Does one batch and returns what was refused. `tell` is told how many of the batch are done. */
  send(batch: Wanted[], tell: (done: number) => void): Promise<Failure[]>
}

/**
 * Repeats a step until every component has left the state it leads out of, or was refused for good. After each attempt the server is asked
 * how things stand, so that an answer that was lost and a server that was killed half-way make no difference: what is missing is done again.
 */
export async function settle(run: Run, step: Step): Promise<void> {
  const { components, patienceMs } = run
  const begun = components.at(step.from)
  const total = begun.length
  if (total === 0) return
  let left = begun
  const progress = startProgress(run.output, step.title, total)
  const patience = new Patience(patienceMs)
  for (;;) {
    const failures = await attempt(step, left, (done) => progress.update(total - left.length + done))
    await components.refresh(run.gatehouse, run.organizationId)
    for (const { wanted, errors } of failures) {
      if (wanted.state === step.from && !isRetryable(errors)) wanted.problem = textOf(errors)
    }
    const leftBefore = left.length
    left = components.at(step.from)
    progress.update(total - left.length)
    if (left.length < leftBefore) patience.reset()
    if (left.length === 0) break
    if (!(await patience.wait())) {
      // What stood in the way last, component by component.
      const errorsOf = new Map(failures.map(({ wanted, errors }) => [wanted, errors]))
      for (const wanted of left) wanted.problem = `Given up after ${patienceMs / 1000} s: ${textOf(errorsOf.get(wanted) ?? [])}`
      break
    }
  }
  progress.end(begun.filter(({ state }) => state !== step.from).length)
}

async function attempt(step: Step, left: Wanted[], tell: (done: number) => void): Promise<Failure[]> {
  const failures: Failure[] = []
  let done = 0
  try {
    if (await step.prepare?.()) return []
    for (const batch of step.batchesOf(left)) {
      failures.push(...(await step.send(batch, (count) => tell(done + count))))
      done += batch.length
      tell(done)
    }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
  }
  return failures
}
