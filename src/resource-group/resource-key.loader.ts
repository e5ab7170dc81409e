import { type Queryable, rows, statement } from '../platform/statement.ts'
import { everything, parseResourceKey, type ResourceKind, type ResourcePlace, resourceKinds } from './resource-key.ts'

/** Where the things of each kind lie. `t` is the thing itself. */
const sources: Record<ResourceKind, { from: string; name?: string; accountId?: string; integrationId?: string }> = {
  awsAccount: { from: '"AwsAccount" t', name: 't."accountId"' },
  awsRole: {
    from: '"AwsRole" t join "AwsAccount" a on a."organizationId" = t."organizationId" and a."id" = t."awsAccountId"',
    accountId: 'a."accountId"',
  },
  integration: { from: '"Integration" t' },
  component: {
    from: '"Component" t join "AwsAccount" a on a."organizationId" = t."organizationId" and a."id" = t."awsAccountId"',
    accountId: 'a."accountId"',
    integrationId: 't."integrationId"',
  },
  resource: { from: '"Resource" t', integrationId: 't."integrationId"' },
  userGroup: { from: '"UserGroup" t' },
}

const ofKind = (kind: ResourceKind, suffix: string) => {
  const { from, name = 't."id"', accountId = 'null::text', integrationId = 'null::text' } = sources[kind]
  return `"${kind}" as (select k."organizationId", k."kind" || '.' || k."name" as "key", ${accountId} as "accountId", ${integrationId} as "integrationId"
  from k, ${from} where k."kind" = '${kind}' and t."organizationId" = k."organizationId" and ${name} = k."name"${suffix})`
}

// All kinds in one statement, however many keys there are.
const find = (suffix: string) => `with k as materialized (
  select distinct * from unnest($1::text[], $2::text[], $3::text[]) as k("organizationId", "kind", "name")
), ${resourceKinds.map((kind) => ofKind(kind, suffix)).join(',\n')}
${resourceKinds.map((kind) => `select * from "${kind}"`).join(' union all ')}`

const placesByKeys = statement('resource_places_by_keys', find(''))
// Whoever deletes a thing looks for the resource groups that name it once no such transaction is under way.
const holdByKeys = statement('resource_hold_by_keys', find(' for key share of t'))

export interface KeyInOrganization {
  organizationId: string
  key: string
}

export type PlaceInOrganization = ResourcePlace & KeyInOrganization

/** Those of the keys that name something of their organization, with what it lies in. `*` is everywhere. */
export async function findPlaces(db: Queryable, keys: readonly KeyInOrganization[]): Promise<PlaceInOrganization[]> {
  const found = await read(db, placesByKeys, keys)
  const everywhere = keys.filter(({ key }) => key === everything).map((key) => ({ ...key, accountId: null, integrationId: null }))
  return [...everywhere, ...found]
}

/** Those of the keys that name something of the organization, none of it deleted before the transaction ends. */
export async function holdNamed(tx: Queryable, organizationId: string, keys: readonly string[]): Promise<Set<string>> {
  const found = await read(
    tx,
    holdByKeys,
    keys.map((key) => ({ organizationId, key })),
  )
  return new Set(found.map(({ key }) => key))
}

async function read(db: Queryable, text: ReturnType<typeof statement>, keys: readonly KeyInOrganization[]) {
  const parsed = keys.flatMap(({ organizationId, key }) => {
    const parts = parseResourceKey(key)
    return parts ? [{ organizationId, ...parts }] : []
  })
  if (parsed.length === 0) return []
  return rows<PlaceInOrganization>(db, text, [
    parsed.map(({ organizationId }) => organizationId),
    parsed.map(({ kind }) => kind),
    parsed.map(({ name }) => name),
  ])
}
