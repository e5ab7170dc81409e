import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { createApp } from '../../src/app.ts'
import { boot } from '../../src/boot.ts'
import { readConfig } from '../../src/config.ts'
import { createLog } from '../../src/platform/log.ts'
import { playgroundRoot } from '../../src/playground/playground.ts'
import { cloneDatabase } from '../support/database.ts'

export interface PlaygroundServer {
  /** Without a trailing slash. */
  url: string
  /** An administrator's key of the one organization, which ends in 24 hours. */
  key: string
  close: () => Promise<unknown>
}

/** A server with one organization that has a staged component. Its page is built from the sources as they are. */
export async function startServer(): Promise<PlaygroundServer> {
  await promisify(execFile)(process.execPath, [resolve(import.meta.dirname, '../../scripts/build.mjs'), 'page'])
  const database = await cloneDatabase()
  const adminKey = randomBytes(32).toString('hex')
  const config = readConfig({
    DATABASE_URL: database.url,
    GATEHOUSE_ADMIN_KEY: adminKey,
    GATEHOUSE_ENCRYPTION_KEYS: `test:${randomBytes(32).toString('base64')}`,
    GATEHOUSE_PUBLIC_URL: 'https://gatehouse.example',
  })
  const booted = await boot(config, createLog('error'), { embedded: 'join', applicationName: 'playground test', migrate: false })
  const app = await createApp({ services: booted.services, adminKeys: booted.adminKeys, playgroundRoot })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const close = async () => {
    await app.close()
    await booted.stop()
    await database.drop()
  }
  return { url, key: await prepareOrganization(url, adminKey), close }
}

async function prepareOrganization(url: string, adminKey: string): Promise<string> {
  const ask = async (query: string, input: object) => {
    const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' }
    const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables: { input } }) })
    const reply = (await response.json()) as {
      data?: Record<string, { organization?: { id: string }; secret?: string; errors: unknown[] }>
      errors?: unknown
    }
    const payload = Object.values(reply.data ?? {})[0]
    if (!payload || payload.errors.length > 0) throw new Error(JSON.stringify(reply))
    return payload
  }
  const { organization } = await ask(
    'mutation ($input: CreateOrganizationInput!) { createOrganization(input: $input) { organization { id } errors { message } } }',
    { slug: 'northwind', name: 'Northwind Trading' },
  )
  const organizationId = organization?.id
  await ask('mutation ($input: InstallAwsIntegrationInput!) { installAwsIntegration(input: $input) { errors { message } } }', {
    organizationId,
  })
  await ask('mutation ($input: StageComponentInput!) { stageComponent(input: $input) { errors { message } } }', {
    organizationId,
    kind: 'IAM_ASSESSMENT',
    itemId: '123456789012',
  })
  const { secret } = await ask('mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret errors { message } } }', {
    organizationId,
    name: 'playground',
    scopes: ['ADMIN'],
    expiresAt: new Date(Date.now() + 24 * 60 * 60 * 1000).toISOString(),
  })
  if (!secret) throw new Error('No key came.')
  return secret
}
