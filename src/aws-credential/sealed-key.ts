import type { AwsCredentials } from '../aws/clients.ts'
import type { Context } from '../context.ts'
import { sealContext, sealedColumns } from '../secrets/sealed-columns.ts'

/** A credential as a job works with it: closed until the moment it is used. */
export interface SealedKey {
  id: string
  organizationId: string
  accountName: string
  accessKeyId: string
  sealedSecret: string
  awsAccountId: string | null
}

/** Those credentials of the organization, the newest key first. */
export async function sealedKeys({ db }: Context, organizationId: string, ids: string[]): Promise<SealedKey[]> {
  const { rows } = await db.pool.query<SealedKey>(
    `select "id", "organizationId", "accountName", "accessKeyId", "sealedSecret", "awsAccountId" from "AwsCredential"
     where "organizationId" = $1 and "id" = any($2::text[]) order by greatest("createdAt", "rotatedAt") desc, "id" desc`,
    [organizationId, ids],
  )
  return rows
}

/** Throws where the record was tampered with or its encryption key is not there. */
export function openKey({ keyring }: Context, { id, organizationId, accessKeyId, sealedSecret }: SealedKey): AwsCredentials {
  const secret = keyring.open(sealedSecret, sealContext(sealedColumns.awsCredential, id, organizationId))
  return { accessKeyId, secretAccessKey: secret.toString('utf8') }
}

/** Links credentials to the accounts they answered for just now, wherever they were linked before. */
export async function linkKeys(
  { db }: Context,
  organizationId: string,
  links: { id: string; awsAccountId: string | null }[],
): Promise<void> {
  if (links.length === 0) return
  await db.pool.query(
    `update "AwsCredential" c set "awsAccountId" = coalesce(l."awsAccountId", c."awsAccountId"), "lastUsedAt" = now()
     from unnest($2::text[], $3::text[]) as l("id", "awsAccountId") where c."organizationId" = $1 and c."id" = l."id"`,
    [organizationId, links.map(({ id }) => id), links.map(({ awsAccountId }) => awsAccountId)],
  )
}
