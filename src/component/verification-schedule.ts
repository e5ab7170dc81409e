import type { PoolClient } from 'pg'
import type { Services } from '../context.ts'
import { enqueueAll } from '../jobs/enqueue.ts'
import type { Schedule } from '../jobs/schedule.ts'
import { transaction } from '../platform/database/transaction.ts'

/** Verifications queued or under way at once, of an organization and of an AWS account: AWS limits how often an account may be asked. */
const atOnce = 8
const atOnceAnAccount = 2
/** Due components of an organization that one look weighs: enough that an account with many of them does not hide the others. */
const weighed = 200
/** Overdue components that one statement spreads. */
const spreadBatch = 5_000
/** The key of the transaction lock under which one process at a time queues. */
const lock = [71_106, 1]

/** Looks at installed components again, each at the latest every GATEHOUSE_REVERIFY_SECONDS. */
export const verificationSchedule: Schedule = {
  name: 'component verification',
  everyMs: ({ reverifySeconds }) => Math.min(2_000, reverifySeconds * 100),
  async run(services, { isAfterStop }) {
    if (isAfterStop) await spreadOverdue(services)
    await queueDue(services)
  },
}

/** An SQL interval of the seconds in `parameter`, shortened by up to a tenth: what was installed together is not looked at together. */
export const jittered = (parameter: string) => `${parameter}::float8 * (0.9 + 0.1 * random()) * interval '1 second'`

/** Queues a new look at each of the components, in the caller's transaction. One that waits already is not queued twice. */
export async function queueVerifications(tx: PoolClient, components: { organizationId: string; id: string }[]): Promise<void> {
  const jobs = components.map(({ organizationId, id }) => ({ payload: { organizationId, componentId: id }, key: `${keyPrefix}${id}` }))
  await enqueueAll(tx, 'reverifyComponent', jobs)
}

const keyPrefix = 'reverify:'

/** Queues what is due, within the limits. `nextVerifyAt` moves on in the transaction that queues: however many processes look, one queues. */
export async function queueDue({ db, config }: Services): Promise<number> {
  return transaction(db.pool, async (tx) => {
    // The limits are counted before they are used up, so the counting takes turns; who comes second has nothing to do.
    const { rows } = await tx.query<{ held: boolean }>('select pg_try_advisory_xact_lock($1, $2) as "held"', lock)
    if (!rows[0]?.held) return 0
    const due = await tx.query<{ organizationId: string; id: string }>(claimDue, [config.reverifySeconds])
    await queueVerifications(tx, due.rows)
    return due.rows.length
  })
}

const claimDue = `with busy as materialized (
  select c."organizationId", c."awsAccountId", c."id" from graphile_worker.jobs j join "Component" c on c."id" = substr(j."key", ${keyPrefix.length + 1})
  where j."task_identifier" = 'reverifyComponent' and j."key" like '${keyPrefix}%' and j."attempts" < j."max_attempts"
), due as (
  select d.*, (select count(*) from busy b where b."awsAccountId" = d."awsAccountId")
    + row_number() over (partition by d."awsAccountId" order by d."nextVerifyAt", d."id") as "ofAccount"
  from "Organization" o cross join lateral (
    select c."organizationId", c."awsAccountId", c."id", c."nextVerifyAt" from "Component" c
    where c."organizationId" = o."id" and c."nextVerifyAt" <= now() and not exists (select 1 from busy b where b."id" = c."id")
    order by c."nextVerifyAt" limit ${weighed}
  ) d
), chosen as (
  select "organizationId", "id", (select count(*) from busy b where b."organizationId" = due."organizationId")
    + row_number() over (partition by "organizationId" order by "nextVerifyAt", "id") as "ofOrganization"
  from due where "ofAccount" <= ${atOnceAnAccount}
), free as (
  select c."organizationId", c."id" from "Component" c join chosen using ("organizationId", "id")
  where "ofOrganization" <= ${atOnce} for no key update of c skip locked
)
update "Component" c set "nextVerifyAt" = now() + ${jittered('$1')} from free
where c."organizationId" = free."organizationId" and c."id" = free."id" and c."nextVerifyAt" <= now()
returning c."organizationId", c."id"`

/** After a stop much is overdue at once: it is spread over a tenth of the interval. */
async function spreadOverdue({ db, config }: Services): Promise<void> {
  for (;;) {
    const { rowCount } = await db.pool.query(
      `update "Component" set "nextVerifyAt" = now() + random() * $1::float8 / 10 * interval '1 second' where "id" in (
         select "id" from "Component" where "nextVerifyAt" < now() order by "nextVerifyAt" limit ${spreadBatch} for no key update skip locked)`,
      [config.reverifySeconds],
    )
    if ((rowCount ?? 0) < spreadBatch) return
  }
}
