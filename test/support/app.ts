import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import type { FastifyInstance } from 'fastify'
import pg from 'pg'
import { type AwsEmulator, type AwsEmulatorOptions, createAwsEmulator } from '../../emulator/emulator.ts'
import { createApp } from '../../src/app.ts'
import type { Scope } from '../../src/auth/scope.ts'
import { type Booted, boot } from '../../src/boot.ts'
import { type Config, readConfig } from '../../src/config.ts'
import { startWorker } from '../../src/jobs/worker.ts'
import { createLog } from '../../src/platform/log.ts'
import { cloneDatabase } from './database.ts'

export interface TestApp {
  url: string
  app: FastifyInstance
  booted: Booted
  adminKey: string
  /** The AWS stand-in this server talks to; null unless asked for. */
  aws: AwsEmulator
  /** Sends one GraphQL request; `key` null: without a credential. */
  send(key: string | null, query: string, variables?: object): Promise<Answer>
  /** Runs a statement of a set-up, which may take longer than one of the product may. */
  fill(statement: string, values?: unknown[]): Promise<void>
  /** An organization of its own, with a key of the given scopes (ADMIN unless said). */
  organization(name?: string): Promise<TestOrganization>
  close(): Promise<void>
}

// biome-ignore lint/suspicious/noExplicitAny: an answer's shape is the query's, and the tests compare it whole
export type Data = any

export interface Answer {
  status: number
  data: Data
  errors?: { message: string; path?: (string | number)[]; extensions: Record<string, unknown> }[]
}

export interface TestOrganization {
  id: string
  slug: string
  key: string
  /** Sends with the organization's ADMIN key and fails on any top-level error. */
  ask(query: string, variables?: object): Promise<Data>
  keyWith(...scopes: Scope[]): Promise<string>
}

export interface TestAppOptions {
  quotas?: Partial<Config['quotas']>
  worker?: boolean
  playgroundRoot?: string | null
  env?: Record<string, string>
  /** Where the AWS stand-in finds the keys of Google's tokens. */
  google?: AwsEmulatorOptions['google']
  /** How often the credential of an open stream is looked at. */
  recheckMs?: number
  /** Longer than in an installation unless given: a machine that runs many tests is slow, which is no fault. */
  connectionWaitMs?: number
  /** From which level on, and where each line goes. */
  log?: { level: string; write(line: string): void }
}

/** A whole server on a database of its own, with an AWS stand-in at the wire. Listens on a free port, since AWS must be able to call it. */
export async function startTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const database = await cloneDatabase()
  const port = await freePort()
  const aws = createAwsEmulator({ google: options.google })
  const awsUrl = await aws.listen(0)
  const adminKey = randomBytes(24).toString('hex')
  const read = readConfig({
    PORT: String(port),
    DATABASE_URL: database.url,
    GATEHOUSE_ADMIN_KEY: adminKey,
    GATEHOUSE_ENCRYPTION_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
    AWS_ENDPOINT_URL: awsUrl,
    // Where nobody listens: no test asks the machine's own name servers.
    GATEHOUSE_DNS_SERVERS: '127.0.0.1:9',
    ...options.env,
  })
  const config = { ...read, quotas: { ...read.quotas, ...options.quotas } }
  const log = options.log ? createLog(options.log.level, options.log) : createLog(process.env.TEST_LOG_LEVEL ?? 'silent')
  const booted = await boot(config, log, {
    embedded: 'start',
    applicationName: 'gatehouse-test',
    migrate: false,
    connectionWaitMs: options.connectionWaitMs ?? 5_000,
  })
  const app = await createApp({
    services: booted.services,
    adminKeys: booted.adminKeys,
    playgroundRoot: options.playgroundRoot ?? null,
    recheckMs: options.recheckMs,
  })
  const url = await app.listen({ host: '127.0.0.1', port })
  const worker = options.worker ? await startWorker(booted.services, database.url) : null

  const send = async (key: string | null, query: string, variables?: object): Promise<Answer> => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key ? { authorization: `Bearer ${key}` } : {}) },
      body: JSON.stringify({ query, variables }),
    })
    return { status: response.status, ...((await response.json()) as Omit<Answer, 'status'>) }
  }
  const must = async (key: string, query: string, variables?: object): Promise<Data> => {
    const { data, errors } = await send(key, query, variables)
    if (errors) throw new Error(`${errors.map(({ message, path }) => `${path?.join('.')}: ${message}`).join('\n')}\n${query}`)
    return data
  }
  const createKey = async (organizationId: string, scopes: Scope[]): Promise<string> => {
    const { createApiKey } = await must(
      adminKey,
      'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret errors { message } } }',
      {
        input: { organizationId, name: scopes.join(' ').slice(0, 100), scopes },
      },
    )
    if (!createApiKey.secret) throw new Error(JSON.stringify(createApiKey.errors))
    return createApiKey.secret
  }
  return {
    url,
    app,
    booted,
    adminKey,
    aws,
    send,
    async fill(statement, values) {
      const client = new pg.Client(database.url)
      await client.connect()
      await client.query(statement, values).finally(() => client.end())
    },
    async organization(name = 'Test') {
      const slug = `t${randomBytes(6).toString('hex')}`
      const { createOrganization } = await must(
        adminKey,
        'mutation ($input: CreateOrganizationInput!) { createOrganization(input: $input) { organization { id } errors { message } } }',
        { input: { slug, name } },
      )
      const { id } = createOrganization.organization
      const key = await createKey(id, ['ADMIN'])
      return { id, slug, key, ask: (query, variables) => must(key, query, variables), keyWith: (...scopes) => createKey(id, scopes) }
    },
    async close() {
      await worker?.stop()
      await app.close()
      await booted.stop()
      await aws.close()
      await database.drop()
    },
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
