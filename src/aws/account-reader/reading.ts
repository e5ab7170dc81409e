import type { AwsClients } from '../clients.ts'

/** With what an account is read. */
export interface Reading {
  clients: AwsClients
  signal: AbortSignal
  /** What must not stand in a message. */
  secrets: Set<string>
  /** Where to ask what any region of the account's partition tells. */
  region: string
}
