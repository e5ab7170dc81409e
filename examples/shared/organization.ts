import {
  CreateKeyDocument,
  CreateOrganizationDocument,
  OrganizationBySlugDocument,
  RevokeKeyDocument,
  type Scope,
  WhoAsksDocument,
} from '../generated/operations.ts'
import { type Gatehouse, RequestError, textOf } from './gatehouse.ts'
import type { Access } from './options.ts'

export interface Organization {
  id: string
  slug: string
  name: string
}

const again = { mayRepeat: true }

/** The organization that the key belongs to, or with the administrator's key the one of that slug; null where that is yet to be created. */
export async function findOrganization(gatehouse: Gatehouse, { key, organization }: Access): Promise<Organization | null> {
  if (key.isAdmin) return (await gatehouse.ask(OrganizationBySlugDocument, { slug: organization ?? '' })).organizationBySlug
  const { viewer } = await gatehouse.ask(WhoAsksDocument, {})
  if (viewer.kind === 'PLATFORM_ADMIN') {
    throw new RequestError("GATEHOUSE_KEY is the platform administrator's: give it as GATEHOUSE_ADMIN_KEY, with --organization SLUG.")
  }
  const own = viewer.organizations.nodes.filter(({ slug }) => organization === null || slug === organization)
  if (own.length !== 1 || !own[0])
    throw new RequestError(`The key is not of the organization ${organization ?? 'that is meant: --organization SLUG says which'}.`)
  return own[0]
}

/** Creates the organization with its slug for a name. Another run that comes first is as good. */
export async function createOrganization(gatehouse: Gatehouse, options: Access): Promise<Organization> {
  const slug = options.organization ?? ''
  const made = await gatehouse.ask(CreateOrganizationDocument, { input: { slug, name: slug } }, again)
  const { organization, errors } = made.createOrganization
  if (organization) return organization
  const existing = errors[0]?.__typename === 'DuplicateError' ? await findOrganization(gatehouse, options) : null
  if (!existing) throw new RequestError(`The organization ${slug} cannot be created: ${textOf(errors)}`)
  return existing
}

/** A run that fails or is killed does not revoke its key: it ends by itself. */
const keyLifetimeMs = 24 * 60 * 60 * 1000

/**
 * Does the work with a key of the organization's own, made for it with the scopes it needs and revoked after it: the audit trail then tells
 * this run by its key.
 */
export async function withOwnKey<T>(
  admin: Gatehouse,
  { id: organizationId }: Organization,
  { name, scopes }: { name: string; scopes: Scope[] },
  work: (own: Gatehouse) => Promise<T>,
): Promise<T> {
  const expiresAt = new Date(Date.now() + keyLifetimeMs).toISOString()
  const input = { organizationId, name, scopes, expiresAt }
  const { apiKey, secret, errors } = (await admin.ask(CreateKeyDocument, { input }, again)).createApiKey
  if (!apiKey || !secret) throw new RequestError(`No key can be made: ${textOf(errors)}`)
  const result = await work(admin.withKey(secret))
  await admin.ask(RevokeKeyDocument, { input: { id: apiKey.id } }, again)
  return result
}
