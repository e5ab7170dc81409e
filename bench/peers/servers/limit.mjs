// What PostgreSQL and Node.js can do at all: one prepared statement builds the whole answer, and its text is sent as it is.
import { createServer } from 'node:http'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 })

const roleGroups = `(select coalesce(json_agg(json_build_object('id', g."id", 'name', g."name")), '[]') from (
  select g."id", g."name" from "UserGroupAwsRole" l join "UserGroup" g on g."organizationId" = l."organizationId" and g."id" = l."userGroupId"
  where l."organizationId" = r."organizationId" and l."awsRoleId" = r."id" order by g."id" limit 50) g)`

const statements = {
  Q1: `select json_build_object('data', json_build_object('organization', (
    select json_build_object('id', o."id", 'slug', o."slug", 'name', o."name", 'version', o."version") from "Organization" o where o."id" = $1)))::text as "answer"`,
  Q2: `select json_build_object('data', json_build_object('organization', (select json_build_object('id', o."id", 'name', o."name", 'integrations',
    json_build_object('nodes', (select coalesce(json_agg(json_build_object('id', i."id", 'name', i."name", 'status', i."status", 'version', i."version", 'components',
      json_build_object('nodes', (select coalesce(json_agg(json_build_object('id', c."id", 'kind', c."kind", 'itemId', c."itemId", 'state', c."state")), '[]') from (
        select * from "Component" c where c."organizationId" = i."organizationId" and c."integrationId" = i."id" order by c."id" limit 50) c)))), '[]') from (
      select * from "Integration" i where i."organizationId" = o."id" order by i."name" limit 50) i)))
    from "Organization" o where o."id" = $1)))::text as "answer"`,
  Q3: `select json_build_object('data', json_build_object('organization', (select json_build_object('id', o."id", 'name', o."name", 'integrations',
    json_build_object('nodes', (select coalesce(json_agg(json_build_object('id', i."id", 'name', i."name", 'status', i."status", 'components',
      json_build_object('nodes', (select coalesce(json_agg(json_build_object('id', c."id", 'kind', c."kind", 'state', c."state")), '[]') from (
        select * from "Component" c where c."organizationId" = i."organizationId" and c."integrationId" = i."id" order by c."id" limit 50) c)))), '[]') from (
      select * from "Integration" i where i."organizationId" = o."id" order by i."name" limit 50) i)),
    'userGroups', json_build_object('nodes', (select coalesce(json_agg(json_build_object('id', u."id", 'name', u."name", 'members',
      json_build_object('nodes', (select coalesce(json_agg(json_build_object('id', m."id", 'email', m."email", 'status', m."status")), '[]') from (
        select m."id", m."email", m."status" from "UserGroupMember" l join "Member" m on m."organizationId" = l."organizationId" and m."id" = l."memberId"
        where l."organizationId" = u."organizationId" and l."userGroupId" = u."id" order by l."email" limit 50) m)),
      'awsRoles', json_build_object('nodes', (select coalesce(json_agg(json_build_object('id', r."id", 'name', r."name", 'arn', r."arn", 'status', r."status",
        'userGroups', json_build_object('nodes', ${roleGroups}))), '[]') from (
        select r.* from "UserGroupAwsRole" l join "AwsRole" r on r."organizationId" = l."organizationId" and r."id" = l."awsRoleId"
        where l."organizationId" = u."organizationId" and l."userGroupId" = u."id" order by r."name", r."id" limit 50) r)))), '[]') from (
      select * from "UserGroup" u where u."organizationId" = o."id" order by u."name" limit 30) u)),
    'ssoConnectors', json_build_object('nodes', (select coalesce(json_agg(json_build_object('id', s."id", 'emailDomain', s."emailDomain", 'enabled', s."enabled")), '[]') from (
      select * from "SsoConnector" s where s."organizationId" = o."id" order by s."emailDomain" limit 50) s)))
    from "Organization" o where o."id" = $1)))::text as "answer"`,
  Q4: `select json_build_object('data', json_build_object('_entities', (select json_agg((select json_build_object('id', r."id", 'name', r."name", 'arn', r."arn",
    'status', r."status", 'userGroups', json_build_object('nodes', ${roleGroups})) from "AwsRole" r where r."id" = k."id") order by k."position")
    from unnest($1::text[]) with ordinality as k("id", "position"))))::text as "answer"`,
  M1: `with changed as (
      update "SsoConnector" set "enabled" = $2, "version" = "version" + 1, "updatedAt" = now()
      where "id" = $1 and "enabled" <> $2 and "status" = 'VERIFIED' returning "id", "organizationId", "enabled", "version"
    ), event as (
      insert into "AuditEvent" ("id", "organizationId", "actorKind", "actorSubject", "actorLabel", "action", "outcome", "subjectId", "before", "after")
      select 'aud_' || left(replace(gen_random_uuid()::text, '-', ''), 26), "organizationId", 'API_KEY', 'peer', 'Peer',
        case when "enabled" then 'ssoConnector.enable' else 'ssoConnector.disable' end, 'SUCCEEDED', "id",
        jsonb_build_object('enabled', not "enabled"), jsonb_build_object('enabled', "enabled") from changed
    )
    select json_build_object('data', json_build_object('updateSsoConnector', json_build_object('ssoConnector', (
      select json_build_object('id', "id", 'enabled', "enabled", 'version', "version") from changed))))::text as "answer"`,
}
const valuesOf = { M1: ({ id, enabled }) => [id, enabled], Q4: ({ ids }) => [ids] }

const server = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', async () => {
    try {
      const { operationName, variables } = JSON.parse(Buffer.concat(chunks))
      const values = valuesOf[operationName]?.(variables) ?? [variables.id]
      const { rows } = await pool.query({ name: operationName, text: statements[operationName], values })
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(rows[0].answer)
    } catch (error) {
      response.writeHead(500).end(String(error))
    }
  })
})
server.listen(0, '127.0.0.1', () => console.log(`ready: http://127.0.0.1:${server.address().port}/graphql`))
