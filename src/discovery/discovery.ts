import type { Context } from '../context.ts'
import type { Discovered, DiscoveredPermission } from '../resource/discovery-run.ts'
import { awsObstacle, discoverAws } from './aws/discover-aws.ts'
import { discoverPostgresql } from './postgresql/discover-postgresql.ts'

/** What is to be read. */
export interface DiscoveryTarget {
  organizationId: string
  integrationId: string
  /** The run this belongs to: a run that begins again after it was cut off is the same. */
  runId: string
  /** The value in effect of a parameter of the integration; null where it has none. */
  param(key: string): string | null
  secret: Record<string, string>
  /** Whether resources of that type are to be read. */
  wants(resourceType: string): boolean
}

export interface DiscoveryEnd {
  /** null: nothing is said of them. */
  permissions: DiscoveredPermission[] | null
  /** Whether everything there is was found, so that what was not is gone. */
  isComplete: boolean
  /** What could not be read and what to do, in words for an operator; null: all is well. */
  warning: string | null
}

/** Takes what was found and keeps it. Whoever waits for it before finding more needs memory for a page only. */
export type Found = (resources: Discovered[]) => Promise<void>

/** Reads everything, or as much as it can. Throws DiscoveryError where nothing can be read, and the signal's reason when that ends it. */
export type Discover = (context: Context, target: DiscoveryTarget, found: Found, signal: AbortSignal) => Promise<DiscoveryEnd>

interface Discoverer {
  discover: Discover
  /** Why there is nothing to read through at this time, and what to do; null: nothing stands in the way. */
  obstacle?: (context: Context, organizationId: string) => Promise<{ message: string; remediation: string } | null>
}

/** Which types of integration this server reads, and how. */
const discoverers: Record<string, Discoverer> = {
  aws: { discover: discoverAws, obstacle: awsObstacle },
  postgresql: { discover: discoverPostgresql },
}

export const discovererOf = (type: string): Discoverer | null => (Object.hasOwn(discoverers, type) ? (discoverers[type] ?? null) : null)
