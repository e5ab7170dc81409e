import { randomBytes, randomUUID } from 'node:crypto'

export type Partition = 'aws' | 'aws-us-gov'

export interface Arn {
  partition: string
  service: string
  region: string
  accountId: string
  /** The sixth component with all its colons and slashes. */
  resource: string
}

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** An id as IAM gives them: the four-letter prefix of its kind and 17 characters. */
export function uniqueId(prefix: 'AROA' | 'ASIA' | 'AIDA', length = 17): string {
  let id: string = prefix
  for (const byte of randomBytes(length)) id += base32[byte & 31]
  return id
}

export function randomHex(characters: number): string {
  return randomBytes(Math.ceil(characters / 2))
    .toString('hex')
    .slice(0, characters)
}

export function randomSecret(characters: number): string {
  return randomBytes(characters).toString('base64').slice(0, characters)
}

export const uuid = randomUUID

export function partitionOf(region: string): Partition {
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'
}

export function homeRegion(partition: Partition): string {
  return partition === 'aws-us-gov' ? 'us-gov-west-1' : 'us-east-1'
}

/** The six components of an ARN, or undefined where the text is none. */
export function parseArn(text: string): Arn | undefined {
  const match = /^arn:([^:]+):([^:]*):([^:]*):([^:]*):(.+)$/s.exec(text)
  if (!match) return undefined
  const [, partition, service, region, accountId, resource] = match as unknown as [string, string, string, string, string, string]
  return { partition, service, region, accountId, resource }
}

/** A page marker hides the key it continues after, as AWS's opaque markers do. */
export function encodeMarker(key: string): string {
  return Buffer.from(key, 'utf8').toString('base64url')
}

export function decodeMarker(marker: string | undefined): string | undefined {
  return marker === undefined ? undefined : Buffer.from(marker, 'base64url').toString('utf8')
}
