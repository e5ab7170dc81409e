import type { Discovered, DiscoveredPermission } from '../../resource/discovery-run.ts'
import type { DiscoveryEnd } from '../discovery.ts'
import { DiscoveryError } from '../discovery-error.ts'
import type { Query } from './connection.ts'

/** Of each type; what is more is not read. */
const maxRows = 50_000
const maxLength = 500

/** For each type of resource: external id, name, and two tags. Names are quoted where they stand side by side, so that no two run together. */
const resourceQueries: Record<string, { tags: [string, string]; sql: string }> = {
  database: {
    tags: ['owner', 'encoding'],
    sql: `select format('%I', d.datname), d.datname, pg_get_userbyid(d.datdba), pg_encoding_to_char(d.encoding)
      from pg_database d where not d.datistemplate and d.datallowconn`,
  },
  schema: {
    tags: ['owner', 'database'],
    sql: `select format('%I.%I', current_database(), n.nspname), n.nspname, pg_get_userbyid(n.nspowner), current_database()
      from pg_namespace n where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`,
  },
  table: {
    tags: ['owner', 'kind'],
    sql: `select format('%I.%I.%I', current_database(), n.nspname, c.relname), n.nspname || '.' || c.relname, pg_get_userbyid(c.relowner),
        case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table' else 'table' end
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`,
  },
  role: {
    tags: ['login', 'superuser'],
    sql: `select format('%I', r.rolname), r.rolname, r.rolcanlogin::text, r.rolsuper::text from pg_roles r where r.rolname !~ '^pg_'`,
  },
}

/** For each type, the privileges that somebody has on something of it. */
const permissionQueries: Record<string, string> = {
  database: `select distinct a.privilege_type from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a`,
  schema: `select distinct a.privilege_type from pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`,
  table: `select distinct a.privilege_type from pg_class c join pg_namespace n on n.oid = c.relnamespace,
      aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`,
  role: `select 'MEMBER' from pg_auth_members limit 1`,
}

/** What the server has of the types that are wanted. */
export async function readCatalog(
  query: Query,
  wants: (resourceType: string) => boolean,
): Promise<DiscoveryEnd & { resources: Discovered[] }> {
  const resources = new Map<string, Discovered>()
  const permissions = new Map<string, DiscoveredPermission>()
  const truncated: string[] = []
  for (const [type, { tags, sql }] of Object.entries(resourceQueries)) {
    if (!wants(type)) continue
    const rows = await query(`${sql} order by 1 limit ${maxRows + 1}`)
    if (rows.length > maxRows) truncated.push(type)
    for (const row of rows.slice(0, maxRows)) {
      const resource = resourceOf(type, tags, row)
      resources.set(resource.externalId, resource)
    }
    for (const [name] of await query(`${permissionQueries[type]}`))
      permissions.set(`${type} ${name}`, { resourceType: type, name: text(name) })
  }
  const isComplete = truncated.length === 0
  return {
    resources: [...resources.values()],
    permissions: [...permissions.values()],
    isComplete,
    warning: isComplete ? null : `More than ${maxRows} of ${truncated.join(' and ')}: the rest was not read, and nothing counts as gone.`,
  }
}

function resourceOf(type: string, tags: [string, string], [id, name, ...values]: (string | null)[]): Discovered {
  return {
    externalId: `${type}:${text(id)}`,
    name: text(name),
    type,
    status: 'ACTIVE',
    statusMessage: null,
    sourceTags: tags.map((key, index) => ({ key, value: text(values[index]) })),
  }
}

/** A name is 63 bytes to PostgreSQL: whoever sends other things is not one. */
function text(value: string | null | undefined): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= maxLength - 10 && !/[\0\p{Cs}]/u.test(value)) return value
  throw new DiscoveryError('The server lists what no PostgreSQL server does. Check host and port.')
}
