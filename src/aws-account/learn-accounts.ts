import type { AwsPartition } from '../aws/aws.type.ts'
import type { Context } from '../context.ts'
import { transaction } from '../platform/database/transaction.ts'
import type { Queryable } from '../platform/statement.ts'
import { newId } from '../platform/typeid.ts'

export interface LearnedAccount {
  /** 12 digits. */
  accountId: string
  partition: AwsPartition
  /** null: it has none; undefined: it could not be read. */
  alias: string | null | undefined
}

/** The accounts by number: those that were known, and those made for being mentioned here first; or why one could not be. */
export async function learnAccounts(
  { db, config }: Context,
  organizationId: string,
  learned: LearnedAccount[],
): Promise<Map<string, { id: string } | { problem: string }>> {
  const byNumber = new Map(learned.map((account) => [account.accountId, account]))
  if (byNumber.size === 0) return new Map()
  const numbers = [...byNumber.keys()]
  const limit = config.quotas.awsAccounts
  const known = await transaction(db.pool, async (tx) => {
    await tx.query('select 1 from "Organization" where "id" = $1 for no key update', [organizationId])
    await tx.query(
      `insert into "AwsAccount" ("id", "organizationId", "accountId", "partition")
       select l."id", $1, l."accountId", l."partition"::"AwsPartition" from unnest($2::text[], $3::text[], $4::text[]) with ordinality as l("id", "accountId", "partition", "place")
       where not exists (select 1 from "AwsAccount" a where a."organizationId" = $1 and a."accountId" = l."accountId")
       order by l."place" limit greatest(0, $5 - (select count(*) from "AwsAccount" a where a."organizationId" = $1))
       on conflict ("organizationId", "accountId") do nothing`,
      [organizationId, numbers.map(() => newId('acct')), numbers, numbers.map((number) => byNumber.get(number)?.partition), limit],
    )
    await tx.query(
      `update "AwsAccount" a set "alias" = l."alias" from unnest($2::text[], $3::text[]) as l("accountId", "alias")
       where a."organizationId" = $1 and a."accountId" = l."accountId" and a."alias" is distinct from l."alias"`,
      [organizationId, ...aliasesOf(learned)],
    )
    const { rows } = await tx.query<{ id: string; accountId: string; partition: AwsPartition }>(
      'select "id", "accountId", "partition" from "AwsAccount" where "organizationId" = $1 and "accountId" = any($2::text[])',
      [organizationId, numbers],
    )
    return new Map(rows.map((row) => [row.accountId, row]))
  })
  const found = new Map<string, { id: string } | { problem: string }>()
  for (const { accountId, partition } of byNumber.values()) {
    const account = known.get(accountId)
    if (account?.partition === partition) found.set(accountId, { id: account.id })
    else if (account)
      found.set(accountId, { problem: `Account ${accountId} answers in ${partition} and is known to lie in ${account.partition}.` })
    else
      found.set(accountId, {
        problem: `The organization has ${limit} AWS accounts, as many as it may have; ${accountId} is not among them.`,
      })
  }
  return found
}

/** Whether AWS itself has said where the account lies: a key answered there, or a role was found. It stays there then. */
export async function isPartitionLearned(tx: Queryable, organizationId: string, awsAccountId: string): Promise<boolean> {
  const { rowCount } = await tx.query({
    text: `select 1 from "AwsCredential" where "organizationId" = $1 and "awsAccountId" = $2
      union all select 1 from "AwsRole" where "organizationId" = $1 and "awsAccountId" = $2 limit 1`,
    values: [organizationId, awsAccountId],
  })
  return rowCount !== 0
}

function aliasesOf(learned: LearnedAccount[]): [string[], (string | null)[]] {
  const read = learned.flatMap(({ accountId, alias }) => (alias === undefined ? [] : [{ accountId, alias }]))
  return [read.map(({ accountId }) => accountId), read.map(({ alias }) => alias)]
}
