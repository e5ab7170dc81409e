import type { Learned, VerificationCheck } from '../aws.type.ts'
import { readAccountAlias } from './account.ts'
import { UpstreamProblem } from './answer.ts'
import type { RoleSession } from './assume-role.ts'
import type { Run } from './run.ts'

/** What a verification has gathered; with a problem, up to it. */
export interface Gathered {
  checks: VerificationCheck[]
  learned: Learned
  problem: UpstreamProblem | null
}

/** What AWS could be asked before it stopped answering stays; of several problems the first counts. */
export async function gather(gathered: Gathered, step: () => Promise<void>): Promise<void> {
  try {
    await step()
  } catch (error) {
    if (!(error instanceof UpstreamProblem)) throw error
    gathered.problem ??= error
  }
}

export async function learnAlias(run: Run, gathered: Gathered, session: RoleSession): Promise<void> {
  const alias = await readAccountAlias(run, session)
  if (alias !== undefined) gathered.learned.accountAlias = alias
}
