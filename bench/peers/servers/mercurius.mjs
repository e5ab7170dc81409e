// Mercurius with graphql-jit; every list below the root is a loader with one prepared statement for all parents.
import Fastify from 'fastify'
import mercurius from 'mercurius'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 })
const rows = async (name, text, values) => (await pool.query({ name, text, values })).rows

const schema = `
  type Query { organization(id: ID!): Organization awsRolesByIds(ids: [ID!]!): [AwsRole]! }
  type Mutation { updateSsoConnector(input: UpdateSsoConnectorInput!): SsoConnectorPayload! }
  input UpdateSsoConnectorInput { id: ID! enabled: Boolean! }
  type SsoConnectorPayload { ssoConnector: SsoConnector }
  type Organization {
    id: ID! slug: String! name: String! version: Int!
    integrations(first: Int = 50): IntegrationConnection! userGroups(first: Int = 50): UserGroupConnection! ssoConnectors(first: Int = 50): SsoConnectorConnection!
  }
  type IntegrationConnection { nodes: [Integration!]! }
  type Integration { id: ID! name: String! status: String! version: Int! components(first: Int = 50): ComponentConnection! }
  type ComponentConnection { nodes: [Component!]! }
  type Component { id: ID! kind: String! itemId: String! state: String! }
  type UserGroupConnection { nodes: [UserGroup!]! }
  type UserGroup { id: ID! name: String! members(first: Int = 50): MemberConnection! awsRoles(first: Int = 50): AwsRoleConnection! }
  type MemberConnection { nodes: [Member!]! }
  type Member { id: ID! email: String! status: String! }
  type AwsRoleConnection { nodes: [AwsRole!]! }
  type AwsRole { id: ID! name: String! arn: String! status: String! userGroups(first: Int = 50): UserGroupConnection! }
  type SsoConnectorConnection { nodes: [SsoConnector!]! }
  type SsoConnector { id: ID! emailDomain: String! enabled: Boolean! version: Int! }
`

const resolvers = {
  Query: {
    organization: async (_root, { id }) =>
      (await rows('organization', 'select "id", "slug", "name", "version" from "Organization" where "id" = $1', [id]))[0] ?? null,
    awsRolesByIds: async (_root, { ids }) => {
      const found = await rows(
        'roles_by_ids',
        'select "id", "organizationId", "name", "arn", "status" from "AwsRole" where "id" = any($1::text[])',
        [ids],
      )
      const byId = new Map(found.map((role) => [role.id, role]))
      return ids.map((id) => byId.get(id) ?? null)
    },
  },
  Mutation: {
    updateSsoConnector: async (_root, { input: { id, enabled } }) => {
      const [ssoConnector] = await rows(
        'transition',
        `with changed as (
           update "SsoConnector" set "enabled" = $2, "version" = "version" + 1, "updatedAt" = now()
           where "id" = $1 and "enabled" <> $2 and "status" = 'VERIFIED' returning *
         ), event as (
           insert into "AuditEvent" ("id", "organizationId", "actorKind", "actorSubject", "actorLabel", "action", "outcome", "subjectId", "before", "after")
           select 'aud_' || left(replace(gen_random_uuid()::text, '-', ''), 26), "organizationId", 'API_KEY', 'peer', 'Peer',
             case when "enabled" then 'ssoConnector.enable' else 'ssoConnector.disable' end, 'SUCCEEDED', "id",
             jsonb_build_object('enabled', not "enabled"), jsonb_build_object('enabled', "enabled") from changed
         ) select "id", "emailDomain", "enabled", "version" from changed`,
        [id, enabled],
      )
      return { ssoConnector: ssoConnector ?? null }
    },
  },
}

/** A page of children for each parent in one statement; the parents of one call have one `first`. */
function children(name, columns, from, condition, order) {
  const text = `select p."_parent", c.* from unnest($1::text[], $2::text[]) with ordinality as p("organizationId", "id", "_parent")
    cross join lateral (select ${columns} from ${from} where ${condition} order by ${order} limit $3) c`
  return async (queries) => {
    const found = await rows(name, text, [
      queries.map(({ obj }) => obj.organizationId ?? obj.id),
      queries.map(({ obj }) => obj.id),
      queries[0].params.first,
    ])
    const pages = queries.map(() => ({ nodes: [] }))
    for (const row of found) pages[row._parent - 1].nodes.push(row)
    return pages
  }
}

const ofOrganization = (alias) => `${alias}."organizationId" = p."organizationId"`
const link = (alias, key) => `"UserGroupAwsRole" l join ${alias} on x."organizationId" = l."organizationId" and x."id" = l."${key}"`
const loaders = {
  Organization: {
    integrations: children(
      'integrations',
      'i."id", i."organizationId", i."name", i."status", i."version"',
      '"Integration" i',
      ofOrganization('i'),
      'i."name"',
    ),
    userGroups: children('groups', 'g."id", g."organizationId", g."name"', '"UserGroup" g', ofOrganization('g'), 'g."name"'),
    ssoConnectors: children(
      'connectors',
      's."id", s."emailDomain", s."enabled", s."version"',
      '"SsoConnector" s',
      ofOrganization('s'),
      's."emailDomain"',
    ),
  },
  Integration: {
    components: children(
      'components',
      'c."id", c."kind", c."itemId", c."state"',
      '"Component" c',
      `${ofOrganization('c')} and c."integrationId" = p."id"`,
      'c."id"',
    ),
  },
  UserGroup: {
    members: children(
      'members',
      'm."id", m."email", m."status"',
      '"UserGroupMember" l join "Member" m on m."organizationId" = l."organizationId" and m."id" = l."memberId"',
      `${ofOrganization('l')} and l."userGroupId" = p."id"`,
      'l."email"',
    ),
    awsRoles: children(
      'roles',
      'x."id", x."organizationId", x."name", x."arn", x."status"',
      link('"AwsRole" x', 'awsRoleId'),
      `${ofOrganization('l')} and l."userGroupId" = p."id"`,
      'x."name", x."id"',
    ),
  },
  AwsRole: {
    userGroups: children(
      'role_groups',
      'x."id", x."organizationId", x."name"',
      link('"UserGroup" x', 'userGroupId'),
      `${ofOrganization('l')} and l."awsRoleId" = p."id"`,
      'x."id"',
    ),
  },
}

const app = Fastify()
app.register(mercurius, { schema, resolvers, loaders, jit: 1 })
console.log(`ready: ${await app.listen({ port: 0, host: '127.0.0.1' })}/graphql`)
