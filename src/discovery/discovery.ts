import type { OutboundGuard } from '../outbound/outbound-guard.ts'
import type { Discovered, DiscoveredPermission } from '../resource/discovery-run.ts'
import { discoverPostgresql } from './postgresql/discover-postgresql.ts'

/** What is to be read. */
export interface DiscoveryTarget {
  /** The value in effect of a parameter of the integration; null where it has none. */
  param(key: string): string | null
  secret: Record<string, string>
  /** Whether resources of that type are to be read. */
  wants(resourceType: string): boolean
}

export interface Discovery {
  resources: Discovered[]
  permissions: DiscoveredPermission[]
  /** What could not be read, in words for an operator; null: nothing is missing, so that what was not found is gone. */
  missing: string | null
}

/** Reads everything, or as much as it can. Throws DiscoveryError where nothing can be read, and the signal's reason when that ends it. */
export type Discover = (target: DiscoveryTarget, outbound: OutboundGuard, signal: AbortSignal) => Promise<Discovery>

/** Which types of integration this server reads, and how. */
const discoverers: Record<string, Discover> = { postgresql: discoverPostgresql }

export const discovererOf = (type: string): Discover | null => (Object.hasOwn(discoverers, type) ? (discoverers[type] ?? null) : null)
