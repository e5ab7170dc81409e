import { randomInt } from 'node:crypto'
import type { AwsIdentity } from '../aws/aws.type.ts'
import { type Queryable, rows } from '../platform/statement.ts'
import { type GoogleAccount, googleIssuer } from './google/google-account.ts'

export interface AwsIdentityRow extends AwsIdentity {
  /** The address of its Google service account; null in issuer mode. */
  googleServiceAccount: string | null
  createdAt: Date
}

export const awsIdentityColumns =
  '"mode"::text as "mode", "organizationId", "issuer", "subject", "audience", "googleServiceAccount", "createdAt"'

/** The reserved subject that no organization has: whoever accepts it accepts more than its own. */
export const decoySubject = 'organization:decoy'

export function subjectOf(organizationId: string): string {
  return `organization:${organizationId}`
}

/**
 * The organization's identity in issuer mode, made on first use and the same ever after; `issuer` counts only when it is made.
 * Concurrent transactions agree (READ COMMITTED: the second waits for the first). `newAudience` draws 21 digits.
 */
export async function ensureAwsIdentity(
  tx: Queryable,
  { organizationId, issuer }: { organizationId: string; issuer: string },
  newAudience: () => string = randomAudience,
): Promise<AwsIdentityRow> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const existing = await findAwsIdentity(tx, organizationId)
    if (existing) return existing
    await tx.query({ text: insertIdentity, values: [organizationId, issuer, subjectOf(organizationId), newAudience()] })
  }
  const made = await findAwsIdentity(tx, organizationId)
  if (!made)
    throw new Error(`No identity could be made for ${organizationId}: its subject was given out before, or every audience drawn was.`)
  return made
}

/**
 * The organization's identity in google mode: the first account of the list that was never given out. Null where there is none left. The
 * same ever after.
 */
export async function ensureGoogleIdentity(
  tx: Queryable,
  organizationId: string,
  accounts: GoogleAccount[],
): Promise<AwsIdentityRow | null> {
  const existing = await findAwsIdentity(tx, organizationId)
  if (existing) return existing
  // Two organizations at once would choose the same one.
  await tx.query({ text: `select pg_advisory_xact_lock(hashtextextended('gatehouse.google-accounts', 0))`, values: [] })
  const values = [organizationId, googleIssuer, accounts.map(({ email }) => email), accounts.map(({ uniqueId }) => uniqueId)]
  await tx.query({ text: insertGoogleIdentity, values })
  return findAwsIdentity(tx, organizationId)
}

/** The organization's identity, or null before its `aws` integration was installed. */
export async function findAwsIdentity(db: Queryable, organizationId: string): Promise<AwsIdentityRow | null> {
  const text = `select ${awsIdentityColumns} from "AwsIdentity" where "organizationId" = $1`
  return (await rows<AwsIdentityRow>(db, { text }, [organizationId]))[0] ?? null
}

/** Moves the identity to the server's present issuer, where it was made under another. Belongs to staging, which hands out the new setup. */
export async function moveAwsIdentity(
  tx: Queryable,
  { organizationId, issuer }: { organizationId: string; issuer: string },
): Promise<void> {
  const text = `update "AwsIdentity" set "issuer" = $2 where "organizationId" = $1 and "mode" = 'issuer' and "issuer" <> $2`
  await tx.query({ text, values: [organizationId, issuer] })
}

/** Keeps the identity from ever being given out again. Belongs into the transaction that deletes the organization, before it does. */
export async function buryAwsIdentity(tx: Queryable, organizationId: string): Promise<void> {
  await tx.query({ text: buryIdentity, values: [organizationId] })
}

/** How many organizations have an identity of another issuer than this server's: their components must be staged again. */
export async function organizationsWithOtherIssuer(db: Queryable, publicUrl: string): Promise<number> {
  const text = `select count(*)::int as "count" from "AwsIdentity" where "mode" = 'issuer' and "issuer" <> $1`
  return (await rows<{ count: number }>(db, { text }, [publicUrl]))[0]?.count ?? 0
}

/** What BASE shows as the service account's address; in issuer mode nothing is ever sent there. */
export function serviceAccountEmail({
  organizationId,
  issuer,
  googleServiceAccount,
}: Pick<AwsIdentityRow, 'organizationId' | 'issuer' | 'googleServiceAccount'>): string {
  return googleServiceAccount ?? `${organizationId}@${new URL(issuer).hostname}`
}

// Two draws out of 9 * 10^20 never meet in practice; the bound keeps a subject that was given out before from looping.
const maxAttempts = 3

const insertIdentity = `insert into "AwsIdentity" ("organizationId", "mode", "issuer", "subject", "audience")
  select $1, 'issuer', $2, $3, $4
  where not exists (select 1 from "AwsIdentityTombstone" where "subject" = $3 or "audience" = $4)
  on conflict do nothing`

const insertGoogleIdentity = `insert into "AwsIdentity" ("organizationId", "mode", "issuer", "subject", "audience", "googleServiceAccount")
  select $1, 'google', $2, a."uniqueId", a."uniqueId", a."email" from unnest($3::text[], $4::text[]) with ordinality as a("email", "uniqueId", "place")
  where not exists (select 1 from "AwsIdentity" i where i."googleServiceAccount" = a."email" or i."subject" = a."uniqueId")
    and not exists (select 1 from "AwsIdentityTombstone" t where t."googleServiceAccount" = a."email" or t."subject" = a."uniqueId")
  order by a."place" limit 1
  on conflict ("organizationId") do nothing`

const buryIdentity = `insert into "AwsIdentityTombstone" ("organizationId", "subject", "audience", "googleServiceAccount")
  select "organizationId", "subject", "audience", "googleServiceAccount" from "AwsIdentity" where "organizationId" = $1
  on conflict ("organizationId") do nothing`

/** 21 digits that do not begin with 0, drawn evenly. */
function randomAudience(): string {
  const tenDigits = () => String(randomInt(10_000_000_000)).padStart(10, '0')
  return `${randomInt(1, 10)}${tenDigits()}${tenDigits()}`
}
