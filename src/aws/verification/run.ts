import type { Log } from '../../platform/log.ts'
import type { TokenSource, VerificationRequest } from '../aws.type.ts'
import type { AwsClients } from '../clients.ts'

/** What all steps of one verification share. */
export interface Run {
  request: VerificationRequest
  clients: AwsClients
  /** Why no token could be had that AWS would take for a setup made for `issuer`, or null where one can. */
  identityProblem(issuer: string): Promise<ReturnType<TokenSource['identityProblem']>>
  /** A token of the organization's own, or of the decoy. Throws an UpstreamProblem where another service makes it and does not answer. */
  tokenOf(options?: { decoy?: boolean }): Promise<string>
  /** AWS_REGION, which counts where it is of the component's partition. */
  awsRegion: string | null
  /** Ends with the time limit or with the caller's signal. */
  signal: AbortSignal
  /** What is missing is looked for again after each of these. */
  consistencyWaitsMs: readonly number[]
  /** On the clock of performance.now(): until when it pays to look again. */
  patientUntilMs: number
  /** Tokens and credentials of this verification; no text that leaves it may contain one. */
  secrets: Set<string>
  log: Pick<Log, 'warn'> | null
}
