import { createApiKey } from './api-key/api-key.service.ts'
import { platformAdministrator } from './auth/viewer.ts'
import { createContext, type Services } from './context.ts'
import { organizationBySlugLoader } from './organization/organization.loader.ts'
import { createOrganization } from './organization/organization.service.ts'
import { isLoopback } from './platform/loopback.ts'

const demoSlug = 'demo'
const keyName = 'playground'
const lifetimeMs = 24 * 60 * 60 * 1000

/**
 * The playground's address with a key of a demo organization in its fragment, which browsers do not send; null unless the database is the
 * embedded one and nothing but this machine can be meant: host and public URL are loopback.
 */
export async function openDemo(services: Services, address: string): Promise<string | null> {
  const { config, db } = services
  if (config.databaseUrl || !isLoopback(config.host) || !isLoopback(new URL(config.publicUrl).hostname)) return null
  const context = createContext(services, platformAdministrator, null)
  const organization =
    (await organizationBySlugLoader(context).load(demoSlug)) ??
    (await createOrganization(context, { slug: demoSlug, name: 'Demo organization' }))
  await db.prisma.apiKey.deleteMany({ where: { organizationId: organization.id, name: keyName, expiresAt: { lt: new Date() } } })
  const { secret } = await createApiKey(context, {
    organizationId: organization.id,
    name: keyName,
    scopes: ['ADMIN'],
    isLoopbackOnly: true,
    expiresAt: new Date(Date.now() + lifetimeMs),
  })
  return `${address}/#key=${encodeURIComponent(secret)}`
}
