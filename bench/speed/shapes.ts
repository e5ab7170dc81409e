import { type DataShape, idAt } from './data.ts'

export const shapeNames = ['Q1', 'Q2', 'Q3', 'Q4', 'M1'] as const
export type ShapeName = (typeof shapeNames)[number]

export const descriptions: Record<ShapeName, string> = {
  Q1: 'one organization by id',
  Q2: 'its integrations with their components',
  Q3: 'integrations with components, 30 groups with members and roles and the groups of each role, SSO connectors',
  Q4: 'references of roles, as a router sends them, with the groups of each',
  M1: 'an SSO connector enabled or disabled, with its audit event',
}

/** How a contender words the shapes. The answers are the same JSON, which the bench checks before it measures. */
export type Dialect = Record<ShapeName, { query: string; variables(target: Target): object }>

/** What a request is about: an organization, and for M1 one of its connectors and where to switch it. */
export interface Target {
  /** Its place among the organizations. */
  organization: number
  organizationId: string
  awsRoleIds: string[]
  ssoConnectorId: string
  enabled: boolean
}

export function targetOf(organization: number, { awsRoles, ssoConnectors }: DataShape, index = 0, enabled = true): Target {
  return {
    organization,
    organizationId: idAt('org', organization, 0),
    awsRoleIds: Array.from({ length: Math.min(awsRoles, 200) }, (_, role) => idAt('role', organization, role)),
    ssoConnectorId: idAt('sso', organization, index % ssoConnectors),
    enabled,
  }
}

const byId = ({ organizationId }: Target) => ({ id: organizationId })
const roleFields = 'id name arn status userGroups(first: 50) { nodes { id name } }'
const setConnector = `mutation M1($id: ID!, $enabled: Boolean!) {
  updateSsoConnector(input: { id: $id, enabled: $enabled }) { ssoConnector { id enabled version } }
}`
const reads = {
  Q1: { query: 'query Q1($id: ID!) { organization(id: $id) { id slug name version } }', variables: byId },
  Q2: {
    query: `query Q2($id: ID!) { organization(id: $id) { id name
  integrations(first: 50) { nodes { id name status version components(first: 50) { nodes { id kind itemId state } } } } } }`,
    variables: byId,
  },
  Q3: {
    query: `query Q3($id: ID!) { organization(id: $id) { id name
  integrations(first: 50) { nodes { id name status components(first: 50) { nodes { id kind state } } } }
  userGroups(first: 30) { nodes { id name members(first: 50) { nodes { id email status } } awsRoles(first: 50) { nodes { ${roleFields} } } } }
  ssoConnectors(first: 50) { nodes { id emailDomain enabled } } } }`,
    variables: byId,
  },
}
const switched = ({ ssoConnectorId, enabled }: Target) => ({ id: ssoConnectorId, enabled })

export const gatehouse: Dialect = {
  ...reads,
  Q4: {
    query: `query Q4($representations: [_Any!]!) { _entities(representations: $representations) { ... on AwsRole { ${roleFields} } } }`,
    variables: ({ awsRoleIds }) => ({ representations: awsRoleIds.map((id) => ({ __typename: 'AwsRole', id })) }),
  },
  M1: { query: setConnector, variables: switched },
}

/** Servers written for the bench have the product's names, and a field of their own for references. */
export const handwritten: Dialect = {
  ...reads,
  Q4: {
    query: `query Q4($ids: [ID!]!) { _entities: awsRolesByIds(ids: $ids) { ${roleFields} } }`,
    variables: ({ awsRoleIds }) => ({ ids: awsRoleIds }),
  },
  M1: { query: setConnector, variables: switched },
}

const roleColumns = 'id: rowId name arn status userGroups(first: 50) { nodes { id: rowId name } }'
export const postgraphile: Dialect = {
  Q1: {
    query: 'query Q1($id: String!) { organization: organizationByRowId(rowId: $id) { id: rowId slug name version } }',
    variables: byId,
  },
  Q2: {
    query: `query Q2($id: String!) { organization: organizationByRowId(rowId: $id) { id: rowId name
  integrations: integrationsByOrganizationId(first: 50, orderBy: NAME_ASC) { nodes { id: rowId name status version
    components: componentsByOrganizationIdAndIntegrationId(first: 50, orderBy: ROW_ID_ASC) { nodes { id: rowId kind itemId state } } } } } }`,
    variables: byId,
  },
  Q3: {
    query: `query Q3($id: String!) { organization: organizationByRowId(rowId: $id) { id: rowId name
  integrations: integrationsByOrganizationId(first: 50, orderBy: NAME_ASC) { nodes { id: rowId name status
    components: componentsByOrganizationIdAndIntegrationId(first: 50, orderBy: ROW_ID_ASC) { nodes { id: rowId kind state } } } }
  userGroups: userGroupsByOrganizationId(first: 30, orderBy: NAME_ASC) { nodes { id: rowId name
    members(first: 50) { nodes { id: rowId email status } } awsRoles(first: 50) { nodes { ${roleColumns} } } } }
  ssoConnectors: ssoConnectorsByOrganizationId(first: 50, orderBy: EMAIL_DOMAIN_ASC) { nodes { id: rowId emailDomain enabled } } } }`,
    variables: byId,
  },
  Q4: {
    query: `query Q4($ids: [String!]!) { _entities: benchAwsRolesList(ids: $ids) { ${roleColumns} } }`,
    variables: ({ awsRoleIds }) => ({ ids: awsRoleIds }),
  },
  M1: {
    query: `mutation M1($id: String!, $enabled: Boolean!) {
  updateSsoConnector: benchSetSsoConnectorEnabled(input: { connectorId: $id, isEnabled: $enabled }) { ssoConnector: result { id: rowId enabled version } }
}`,
    variables: switched,
  },
}
