import { setTimeout as delay } from 'node:timers/promises'
import type { TestApp, TestOrganization } from '../support/app.ts'

export const fields = `id emailDomain enabled useFedrampLanguage version allowedActions createdAt updatedAt organization { id }
  verification { code dnsRecordName status statusMessage attempts lastCheckedAt nextCheckAt expiresAt }`

export interface Connector {
  id: string
  emailDomain: string
  enabled: boolean
  useFedrampLanguage: boolean
  version: number
  allowedActions: string[]
  createdAt: string
  updatedAt: string
  organization: { id: string }
  verification: {
    code: string
    dnsRecordName: string
    status: string
    statusMessage: string | null
    attempts: number
    lastCheckedAt: string | null
    nextCheckAt: string | null
    expiresAt: string | null
  }
}

export interface Answered {
  ssoConnector: Connector | null
  errors: { __typename: string; code: string; path: string[]; message: string; [more: string]: unknown }[]
}

const errorFields = `errors { __typename code path message ... on TransitionError { fromState allowedActions } ... on ConflictError { currentVersion }
  ... on PreconditionError { remediation } ... on QuotaError { limit } ... on DuplicateError { existing { id } } }`

type Mutation = 'createSsoConnector' | 'beginSsoConnectorVerification' | 'updateSsoConnector'

/** Calls one of the mutations that answer with the connector. */
export async function call(organization: Pick<TestOrganization, 'ask'>, mutation: Mutation, input: object): Promise<Answered> {
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input!`
  const data = await organization.ask(
    `mutation ($input: ${type}) { ${mutation}(input: $input) { ssoConnector { ${fields} } ${errorFields} } }`,
    { input },
  )
  return data[mutation]
}

export async function remove(organization: TestOrganization, input: object) {
  const { deleteSsoConnector } = await organization.ask(
    `mutation ($input: DeleteSsoConnectorInput!) { deleteSsoConnector(input: $input) { deletedIds alreadyAbsent organization { id } ${errorFields} } }`,
    { input },
  )
  return deleteSsoConnector as {
    deletedIds: string[]
    alreadyAbsent: boolean
    organization: { id: string } | null
    errors: Answered['errors']
  }
}

/** A new connector; verification is begun unless said otherwise. */
export async function create(organization: TestOrganization, emailDomain: string, more: object = {}): Promise<Connector> {
  return done(await call(organization, 'createSsoConnector', { organizationId: organization.id, emailDomain, ...more }))
}

export const enable = (organization: TestOrganization, id: string) => call(organization, 'updateSsoConnector', { id, enabled: true })

/** The connector of an answer without refusals. */
export function done({ ssoConnector, errors }: Answered): Connector {
  if (!ssoConnector || errors.length > 0) throw new Error(JSON.stringify(errors))
  return ssoConnector
}

export async function read(organization: TestOrganization, id: string): Promise<Connector> {
  return (await organization.ask(`{ ssoConnector(id: "${id}") { ${fields} } }`)).ssoConnector
}

/** The connector once it is as wanted; fails after 15 s. */
export async function until(organization: TestOrganization, id: string, isWanted: (connector: Connector) => boolean): Promise<Connector> {
  for (const end = Date.now() + 15_000; ; await delay(40)) {
    const connector = await read(organization, id)
    if (isWanted(connector)) return connector
    if (Date.now() > end) throw new Error(`it never came to be as wanted: ${JSON.stringify(connector.verification)}`)
  }
}

/** Whether it has been looked up that often. */
export const looked = (attempts: number) => (connector: Connector) => connector.verification.attempts >= attempts

/** Lets that much time pass for a connector: all its times, and its job's, lie that much earlier, and the workers are told. */
export async function letTimePass(app: TestApp, id: string, hours: number): Promise<void> {
  const { pool } = app.booted.services.db
  const times = ['lastCheckedAt', 'nextCheckAt', 'expiresAt', 'firstAbsentAt', 'lastAbsentAt']
  const earlier = (column: string) => `"${column}" = "${column}" - $2 * interval '1 hour'`
  await pool.query(`update "SsoConnector" set ${times.map(earlier).join(', ')} where "id" = $1`, [id, hours])
  await pool.query(`update graphile_worker._private_jobs set ${earlier('run_at')} where "key" = $1`, [`sso:${id}`, hours])
  await pool.query(`select pg_notify('jobs:insert', '{"count":1}')::text`)
}

/** One more look-up after that many hours, awaited. */
export async function lookUpAfter(app: TestApp, organization: TestOrganization, id: string, hours: number): Promise<Connector> {
  const { verification } = await read(organization, id)
  await letTimePass(app, id, hours)
  return until(organization, id, looked(verification.attempts + 1))
}

/** As after a look-up that found the record, for tests that are not about look-ups. */
export async function markVerified(app: TestApp, ...ids: string[]): Promise<void> {
  await app.booted.services.db.pool.query(
    `update "SsoConnector" set "status" = 'VERIFIED', "expiresAt" = null, "nextCheckAt" = now() + interval '1 day' where "id" = any($1)`,
    [ids],
  )
}

export async function auditOf(organization: TestOrganization, subjectId: string) {
  const data = await organization.ask(
    `query ($id: ID!, $ids: [ID!]) { organization(id: $id) { auditEvents(filter: { subjectIds: $ids }) { nodes { action outcome before after actor { kind subject } } } } }`,
    { id: organization.id, ids: [subjectId] },
  )
  return data.organization.auditEvents.nodes as { action: string; before: object | null; after: object | null; actor: { kind: string } }[]
}
