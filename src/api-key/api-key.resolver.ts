import { Arg, Args, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql'
import { Requires } from '../auth/requires.ts'
import type { Context } from '../context.ts'
import { type OrganizationRow, organizationLoader } from '../organization/organization.loader.ts'
import { Organization } from '../organization/organization.type.ts'
import { payload } from '../platform/errors.ts'
import { loadPage } from '../platform/pagination/connection.ts'
import { PageArgs } from '../platform/pagination/page-args.ts'
import { type ApiKeyRow, organizationApiKeys } from './api-key.loader.ts'
import { createApiKey, revokeApiKey, rotateApiKey } from './api-key.service.ts'
import {
  ApiKey,
  ApiKeyConnection,
  CreateApiKeyInput,
  CreateApiKeyPayload,
  RevokeApiKeyInput,
  RevokeApiKeyPayload,
  RotateApiKeyInput,
} from './api-key.type.ts'

@Resolver(() => ApiKey)
export class ApiKeyResolver {
  @FieldResolver(() => Organization, { description: 'Whose key it is.' })
  organization(@Root() key: ApiKeyRow, @Ctx() context: Context) {
    return organizationLoader(context).load(key.organizationId)
  }

  @Mutation(() => CreateApiKeyPayload, { description: 'Makes an API key. The secret is in this answer only.' })
  @Requires('API_KEYS_WRITE')
  createApiKey(@Arg('input', () => CreateApiKeyInput, { description: 'The new key.' }) input: CreateApiKeyInput, @Ctx() context: Context) {
    return payload({ apiKey: null, secret: null }, () => createApiKey(context, input))
  }

  @Mutation(() => CreateApiKeyPayload, { description: 'Gives a key a new secret; the old one ends at once.' })
  @Requires('API_KEYS_WRITE')
  rotateApiKey(@Arg('input', () => RotateApiKeyInput, { description: 'Which key.' }) input: RotateApiKeyInput, @Ctx() context: Context) {
    return payload({ apiKey: null, secret: null }, () => rotateApiKey(context, input.id))
  }

  @Mutation(() => RevokeApiKeyPayload, { description: 'Ends a key at once.' })
  @Requires('API_KEYS_WRITE')
  revokeApiKey(@Arg('input', () => RevokeApiKeyInput, { description: 'Which key.' }) input: RevokeApiKeyInput, @Ctx() context: Context) {
    return payload({ apiKey: null }, async () => ({ apiKey: await revokeApiKey(context, input.id) }))
  }
}

@Resolver(() => Organization)
export class OrganizationApiKeysResolver {
  @FieldResolver(() => ApiKeyConnection, { nullable: true, description: 'Its API keys, in the order they were made.' })
  @Requires('API_KEYS_READ')
  apiKeys(@Root() { id }: OrganizationRow, @Args(() => PageArgs) page: PageArgs, @Ctx() context: Context) {
    return loadPage(context, organizationApiKeys, [id], page, { order: 'CREATED' })
  }
}
