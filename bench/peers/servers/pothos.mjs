// Yoga with Pothos: its Prisma plugin reads what a query asks for with one findUnique, its relay plugin gives the connections.
import { createServer } from 'node:http'
import SchemaBuilder from '@pothos/core'
import PrismaPlugin, { prismaConnectionHelpers } from '@pothos/plugin-prisma'
import RelayPlugin from '@pothos/plugin-relay'
import { PrismaPg } from '@prisma/adapter-pg'
import { createYoga } from 'graphql-yoga'
import pg from 'pg'
import { PrismaClient } from '../generated/client/client.ts'
import { getDatamodel } from '../generated/pothos.ts'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 })
const prisma = new PrismaClient({ adapter: new PrismaPg(pool) })
const builder = new SchemaBuilder({
  plugins: [PrismaPlugin, RelayPlugin],
  prisma: { client: prisma, dmmf: getDatamodel() },
  relay: { nodesOnConnection: true },
})

const ofParent = (t, relation, orderBy) => t.relatedConnection(relation, { cursor: 'id', query: { orderBy } })

/** A connection over a table of links: of a link only the thing it leads to is shown. */
function overLinks(t, type, links, { link, cursor, far, orderBy }) {
  const helpers = prismaConnectionHelpers(builder, link, {
    cursor,
    select: (nodeSelection) => ({ [far]: nodeSelection(true) }),
    resolveNode: (row) => row[far],
  })
  return t.connection({
    type,
    select: (args, context, nestedSelection) => ({
      [links]: { ...helpers.getQuery(args, context, (selection) => nestedSelection(selection, ['nodes'])), orderBy },
    }),
    resolve: (parent, args, context) => helpers.resolve(parent[links], args, context),
  })
}
const grant = { link: 'UserGroupAwsRole', cursor: 'organizationId_userGroupId_awsRoleId' }
const strings = (t, ...names) => Object.fromEntries(names.map((name) => [name, t.expose(name, { type: 'String' })]))

builder.prismaObject('Component', { fields: (t) => ({ id: t.exposeID('id'), ...strings(t, 'kind', 'itemId', 'state') }) })
builder.prismaObject('Member', { fields: (t) => ({ id: t.exposeID('id'), ...strings(t, 'email', 'status') }) })
const SsoConnector = builder.prismaObject('SsoConnector', {
  fields: (t) => ({
    id: t.exposeID('id'),
    ...strings(t, 'emailDomain'),
    enabled: t.exposeBoolean('enabled'),
    version: t.exposeInt('version'),
  }),
})
builder.prismaObject('Integration', {
  fields: (t) => ({
    id: t.exposeID('id'),
    ...strings(t, 'name', 'status'),
    version: t.exposeInt('version'),
    components: ofParent(t, 'components', { id: 'asc' }),
  }),
})
const AwsRole = builder.prismaObject('AwsRole', {
  fields: (t) => ({
    id: t.exposeID('id'),
    ...strings(t, 'name', 'arn', 'status'),
    userGroups: overLinks(t, 'UserGroup', 'userGroups', { ...grant, far: 'userGroup', orderBy: { userGroupId: 'asc' } }),
  }),
})
builder.prismaObject('UserGroup', {
  fields: (t) => ({
    id: t.exposeID('id'),
    ...strings(t, 'name'),
    members: overLinks(t, 'Member', 'members', {
      link: 'UserGroupMember',
      cursor: 'organizationId_userGroupId_memberId',
      far: 'member',
      orderBy: { email: 'asc' },
    }),
    awsRoles: overLinks(t, AwsRole, 'awsRoles', { ...grant, far: 'awsRole', orderBy: { awsRole: { name: 'asc' } } }),
  }),
})
builder.prismaObject('Organization', {
  fields: (t) => ({
    id: t.exposeID('id'),
    ...strings(t, 'slug', 'name'),
    version: t.exposeInt('version'),
    integrations: ofParent(t, 'integrations', { name: 'asc' }),
    userGroups: ofParent(t, 'userGroups', { name: 'asc' }),
    ssoConnectors: ofParent(t, 'ssoConnectors', { emailDomain: 'asc' }),
  }),
})
builder.queryType({
  fields: (t) => ({
    organization: t.prismaField({
      type: 'Organization',
      nullable: true,
      args: { id: t.arg.id({ required: true }) },
      resolve: (query, _root, { id }) => prisma.organization.findUnique({ ...query, where: { id } }),
    }),
    awsRolesByIds: t.prismaField({
      type: [AwsRole],
      args: { ids: t.arg.idList({ required: true }) },
      resolve: async (query, _root, { ids }) => {
        const byId = new Map((await prisma.awsRole.findMany({ ...query, where: { id: { in: ids } } })).map((role) => [role.id, role]))
        return ids.map((id) => byId.get(id))
      },
    }),
  }),
})

const UpdateSsoConnectorInput = builder.inputType('UpdateSsoConnectorInput', {
  fields: (t) => ({ id: t.id({ required: true }), enabled: t.boolean({ required: true }) }),
})
const SsoConnectorPayload = builder.objectRef('SsoConnectorPayload').implement({
  fields: (t) => ({ ssoConnector: t.field({ type: SsoConnector, nullable: true, resolve: ({ ssoConnector }) => ssoConnector }) }),
})
builder.mutationType({
  fields: (t) => ({
    updateSsoConnector: t.field({
      type: SsoConnectorPayload,
      args: { input: t.arg({ type: UpdateSsoConnectorInput, required: true }) },
      resolve: (_root, { input: { id, enabled } }) => prisma.$transaction((tx) => setEnabled(tx, id, enabled)),
    }),
  }),
})

async function setEnabled(tx, id, enabled) {
  const [ssoConnector] = await tx.ssoConnector.updateManyAndReturn({
    where: { id, enabled: !enabled, status: 'VERIFIED' },
    data: { enabled, version: { increment: 1 }, updatedAt: new Date() },
  })
  if (!ssoConnector) return { ssoConnector: null }
  await tx.auditEvent.create({
    data: {
      id: `aud_${crypto.randomUUID().replaceAll('-', '').slice(0, 26)}`,
      organizationId: ssoConnector.organizationId,
      actorKind: 'API_KEY',
      actorSubject: 'peer',
      actorLabel: 'Peer',
      action: enabled ? 'ssoConnector.enable' : 'ssoConnector.disable',
      outcome: 'SUCCEEDED',
      subjectId: id,
      before: { enabled: !enabled },
      after: { enabled },
    },
  })
  return { ssoConnector }
}

const yoga = createYoga({ schema: builder.toSchema(), logging: false, graphiql: false })
const server = createServer(yoga)
server.listen(0, '127.0.0.1', () => console.log(`ready: http://127.0.0.1:${server.address().port}/graphql`))
