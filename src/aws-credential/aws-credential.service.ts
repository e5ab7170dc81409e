import type { PoolClient } from 'pg'
import { recordEvents } from '../audit/audit.ts'
import type { Context } from '../context.ts'
import { requireOrganization } from '../organization/organization.service.ts'
import { Checks } from '../platform/check.ts'
import { transaction } from '../platform/database/transaction.ts'
import { Refusal, refuseIfAny, userError } from '../platform/errors.ts'
import { newId } from '../platform/typeid.ts'
import { sealContext, sealedColumns } from '../secrets/sealed-columns.ts'
import { type AwsCredentialRow, awsCredentialLoader } from './aws-credential.loader.ts'

export interface GivenCredential {
  accountName: string
  accessKeyId: string
  secretAccessKey: string
}

/** Credentials that one call may name. */
const maxCredentials = 500

/** Puts credentials, all or none, each under its account name. One that is there with the same key and secret stays as it is. */
export async function putAwsCredentials(
  context: Context,
  { organizationId, credentials }: { organizationId: string; credentials: GivenCredential[] },
): Promise<AwsCredentialRow[]> {
  await requireOrganization(context, organizationId, ['input', 'organizationId'])
  refuseIfAny(checkCredentials(credentials).errors)
  const ids = await transaction(context.db.pool, async (tx) => {
    const known = await lockCredentials(
      tx,
      organizationId,
      credentials.map(({ accountName }) => accountName),
    )
    await assertQuota(tx, context, organizationId, credentials.filter(({ accountName }) => !known.has(accountName)).length)
    const changed = credentials
      .filter((given) => !isSame(context, organizationId, known.get(given.accountName), given))
      .map((given) => ({ ...given, id: known.get(given.accountName)?.id ?? newId('cred') }))
    await writeCredentials(tx, context, organizationId, changed)
    await recordEvents(
      tx,
      context,
      changed.map(({ id, accountName, accessKeyId }) => {
        const before = known.get(accountName)
        return {
          organizationId,
          action: before ? 'awsCredential.rotate' : 'awsCredential.create',
          subjectId: id,
          before: before ? { accountName, accessKeyId: before.accessKeyId } : null,
          after: { accountName, accessKeyId },
        }
      }),
    )
    const made = new Map(changed.map(({ accountName, id }) => [accountName, id]))
    return credentials.map(({ accountName }) => made.get(accountName) ?? known.get(accountName)?.id ?? '')
  })
  context.loaders.clear()
  const found = await awsCredentialLoader(context).loadMany(ids)
  return found.filter((row): row is AwsCredentialRow => row !== null && !(row instanceof Error))
}

/** Deletes credentials by their account names. What a sync found through them stays. */
export async function deleteAwsCredentials(
  context: Context,
  { organizationId, accountNames }: { organizationId: string; accountNames: string[] },
): Promise<{ deletedIds: string[]; deletedAccountNames: string[] }> {
  await requireOrganization(context, organizationId, ['input', 'organizationId'])
  const checks = new Checks('input').size('accountNames', accountNames, maxCredentials)
  for (const index of repeated(accountNames))
    checks.add(userError.validation('VALUE_DUPLICATE', ['input', 'accountNames', index], 'accountNames must not name one twice.'))
  refuseIfAny(checks.errors)
  const deleted = await transaction(context.db.pool, async (tx) => {
    const known = [...(await lockCredentials(tx, organizationId, accountNames)).values()]
    await tx.query('delete from "AwsCredential" where "organizationId" = $1 and "id" = any($2::text[])', [
      organizationId,
      known.map(({ id }) => id),
    ])
    await recordEvents(
      tx,
      context,
      known.map(({ id, accountName, accessKeyId }) => ({
        organizationId,
        action: 'awsCredential.delete',
        subjectId: id,
        before: { accountName, accessKeyId },
      })),
    )
    return known
  })
  context.loaders.clear()
  return { deletedIds: deleted.map(({ id }) => id), deletedAccountNames: deleted.map(({ accountName }) => accountName) }
}

function checkCredentials(credentials: GivenCredential[]): Checks {
  const checks = new Checks('input').size('credentials', credentials, maxCredentials)
  if (checks.errors.length > 0) return checks
  for (const [index, { accountName, accessKeyId, secretAccessKey }] of credentials.entries()) {
    const one = new Checks('input', 'credentials', index)
      .text('accountName', accountName, { min: 1, max: 200 })
      .matches('accessKeyId', accessKeyId, /^[A-Z0-9]{16,128}$/, 'accessKeyId must be 16 to 128 capital letters and digits.')
      // The message never repeats what was given: it may be the secret in the wrong field.
      .matches(
        'secretAccessKey',
        secretAccessKey,
        /^[\x21-\x7e]{16,256}$/,
        'secretAccessKey must be 16 to 256 printable characters without spaces.',
      )
    if (accessKeyId.startsWith('ASIA')) {
      const message = 'A key that begins with ASIA needs a session token and ends soon. Give the long-lived key of an IAM user (AKIA…).'
      one.add(userError.validation('INVALID_VALUE', ['input', 'credentials', index, 'accessKeyId'], message))
    }
    checks.errors.push(...one.errors)
  }
  for (const index of repeated(credentials.map(({ accountName }) => accountName))) {
    const path = ['input', 'credentials', index, 'accountName']
    checks.add(userError.validation('VALUE_DUPLICATE', path, 'This account name stands in the call twice: leave one of the two out.'))
  }
  return checks
}

/** The places of texts that stand further up already. */
function repeated(texts: string[]): number[] {
  const seen = new Set<string>()
  return texts.flatMap((text, index) => {
    if (seen.has(text)) return [index]
    seen.add(text)
    return []
  })
}

interface Known {
  id: string
  accountName: string
  accessKeyId: string
  sealedSecret: string
}

/** Whoever changes credentials lines up at the organization's row, so that the quota holds for calls at once too. */
async function lockCredentials(tx: PoolClient, organizationId: string, accountNames: string[]): Promise<Map<string, Known>> {
  await tx.query('select 1 from "Organization" where "id" = $1 for no key update', [organizationId])
  const { rows } = await tx.query<Known>(
    `select "id", "accountName", "accessKeyId", "sealedSecret" from "AwsCredential"
     where "organizationId" = $1 and "accountName" = any($2::text[]) order by "accountName"`,
    [organizationId, accountNames],
  )
  return new Map(rows.map((row) => [row.accountName, row]))
}

async function assertQuota(tx: PoolClient, { config }: Context, organizationId: string, added: number): Promise<void> {
  const limit = config.quotas.awsCredentials
  const { rows } = await tx.query<{ count: number }>('select count(*)::int as "count" from "AwsCredential" where "organizationId" = $1', [
    organizationId,
  ])
  const count = rows[0]?.count ?? 0
  if (added > 0 && count + added > limit) {
    const message = `The organization may have ${limit} credentials and has ${count}. Delete some first.`
    throw new Refusal(userError.quota(['input', 'credentials'], message, limit))
  }
}

function isSame({ keyring }: Context, organizationId: string, known: Known | undefined, given: GivenCredential): boolean {
  if (known?.accessKeyId !== given.accessKeyId) return false
  try {
    return (
      keyring.open(known.sealedSecret, sealContext(sealedColumns.awsCredential, known.id, organizationId)).toString() ===
      given.secretAccessKey
    )
  } catch {
    // What does not open is worth replacing.
    return false
  }
}

async function writeCredentials(
  tx: PoolClient,
  { keyring }: Context,
  organizationId: string,
  credentials: (GivenCredential & { id: string })[],
): Promise<void> {
  if (credentials.length === 0) return
  await tx.query(
    `insert into "AwsCredential" ("organizationId", "id", "accountName", "accessKeyId", "sealedSecret")
     select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::text[])
     on conflict ("organizationId", "accountName") do update
       set "accessKeyId" = excluded."accessKeyId", "sealedSecret" = excluded."sealedSecret", "rotatedAt" = now()`,
    [
      organizationId,
      credentials.map(({ id }) => id),
      credentials.map(({ accountName }) => accountName),
      credentials.map(({ accessKeyId }) => accessKeyId),
      credentials.map(({ id, secretAccessKey }) =>
        keyring.seal(secretAccessKey, sealContext(sealedColumns.awsCredential, id, organizationId)),
      ),
    ],
  )
}
