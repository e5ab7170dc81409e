import { z } from 'zod'
import { AwsError } from '../errors.ts'
import { operation, type Target } from '../service.ts'
import type { Account } from '../state.ts'
import { arn, fromTags, list, tags, toTags } from './iam.fields.ts'
import { iamOf, type OidcProvider, oidcProviderArn, withoutScheme } from './iam.state.ts'

const clientIdLimit = 100
const providerLimit = 100
const clientId = z.string().min(1).max(255)
const byArn = { OpenIDConnectProviderArn: arn }

export const oidcProviderOperations = [
  operation({
    name: 'CreateOpenIDConnectProvider',
    input: z.object({
      Url: z.string().min(1).max(255),
      ClientIDList: list(clientId).default([]),
      ThumbprintList: list(z.string().length(40)).default([]),
      Tags: tags.optional(),
    }),
    resource: (input, { account }) => ({ arn: oidcProviderArn(account, input.Url) }),
    handle(input, call) {
      checkUrl(input.Url)
      const { oidcProviders } = iamOf(call.account)
      const providerArn = oidcProviderArn(call.account, input.Url)
      if (oidcProviders.latest(providerArn))
        throw new AwsError('EntityAlreadyExists', `Provider with url ${input.Url} already exists.`, 409)
      if (oidcProviders.size >= providerLimit) {
        throw new AwsError('LimitExceeded', `Cannot exceed quota for OpenIdConnectProvidersPerAccount: ${providerLimit}`, 409)
      }
      checkClientIds(input.ClientIDList)
      const provider = putOidcProvider(call.account, call.nowMs, {
        url: input.Url,
        clientIds: input.ClientIDList,
        thumbprints: input.ThumbprintList,
        tags: toTags(input.Tags),
        visibleAtMs: call.visibleAtMs(),
      })
      return { OpenIDConnectProviderArn: providerArn, Tags: fromTags(provider.tags) }
    },
  }),
  operation({
    name: 'GetOpenIDConnectProvider',
    input: z.object(byArn),
    resource: aboutProvider,
    handle({ OpenIDConnectProviderArn }, { account, nowMs }) {
      const provider = iamOf(account).oidcProviders.visible(checkArn(OpenIDConnectProviderArn), nowMs)
      if (!provider) return noSuchProvider(OpenIDConnectProviderArn)
      return {
        Url: provider.url,
        ClientIDList: [...provider.clientIds],
        ThumbprintList: [...provider.thumbprints],
        CreateDate: new Date(provider.createdAtMs),
        Tags: fromTags(provider.tags),
      }
    },
  }),
  operation({
    name: 'AddClientIDToOpenIDConnectProvider',
    input: z.object({ ...byArn, ClientID: clientId }),
    resource: aboutProvider,
    handle({ OpenIDConnectProviderArn, ClientID }, call) {
      const provider = latestProvider(call.account, OpenIDConnectProviderArn)
      const clientIds = [...new Set([...provider.clientIds, ClientID])]
      checkClientIds(clientIds)
      iamOf(call.account).oidcProviders.put(provider.arn, { ...provider, clientIds }, call.nowMs, call.visibleAtMs())
    },
  }),
  operation({
    name: 'RemoveClientIDFromOpenIDConnectProvider',
    input: z.object({ ...byArn, ClientID: clientId }),
    resource: aboutProvider,
    handle({ OpenIDConnectProviderArn, ClientID }, call) {
      const provider = latestProvider(call.account, OpenIDConnectProviderArn)
      const clientIds = provider.clientIds.filter((known) => known !== ClientID)
      iamOf(call.account).oidcProviders.put(provider.arn, { ...provider, clientIds }, call.nowMs, call.visibleAtMs())
    },
  }),
  operation({
    name: 'DeleteOpenIDConnectProvider',
    input: z.object(byArn),
    resource: aboutProvider,
    handle({ OpenIDConnectProviderArn }, { account }) {
      iamOf(account).oidcProviders.delete(latestProvider(account, OpenIDConnectProviderArn).arn)
    },
  }),
  operation({
    name: 'ListOpenIDConnectProviders',
    input: z.object({}),
    resource: (_input, { account }) => ({ arn: account.arn('iam', '', 'oidc-provider/*') }),
    handle(_input, { account, nowMs }) {
      const { values } = iamOf(account).oidcProviders.page(nowMs, providerLimit)
      return { OpenIDConnectProviderList: values.map((provider) => ({ Arn: provider.arn })) }
    },
  }),
]

/** Puts a provider into the account without a call, in the place of one with that URL. */
export function putOidcProvider(
  account: Account,
  nowMs: number,
  provider: Pick<OidcProvider, 'url' | 'clientIds'> & Partial<OidcProvider> & { visibleAtMs?: number },
): OidcProvider {
  const made: OidcProvider = {
    arn: oidcProviderArn(account, provider.url),
    url: withoutScheme(provider.url),
    clientIds: provider.clientIds,
    thumbprints: provider.thumbprints ?? [],
    tags: provider.tags,
    createdAtMs: nowMs,
  }
  iamOf(account).oidcProviders.put(made.arn, made, nowMs, provider.visibleAtMs)
  return made
}

function aboutProvider(input: { OpenIDConnectProviderArn: string }): Target {
  return { arn: input.OpenIDConnectProviderArn }
}

// AWS itself wants https here; plain http is let through because a server that someone tries out on this machine has no certificate.
function checkUrl(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const isUsable = parsed && /^https?:\/\//.test(url) && !parsed.search && !parsed.hash && !parsed.username
  if (!isUsable) throw new AwsError('InvalidInput', 'Invalid Open ID Connect Provider URL', 400)
}

function checkClientIds(clientIds: readonly string[]): void {
  if (clientIds.length > clientIdLimit) {
    throw new AwsError('LimitExceeded', `Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: ${clientIdLimit}`, 409)
  }
}

function checkArn(providerArn: string): string {
  if (!/^arn:[^:]+:iam::\d{12}:oidc-provider\/./.test(providerArn)) throw new AwsError('InvalidInput', `Invalid ARN: ${providerArn}`, 400)
  return providerArn
}

function latestProvider(account: Account, providerArn: string): OidcProvider {
  return iamOf(account).oidcProviders.latest(checkArn(providerArn)) ?? noSuchProvider(providerArn)
}

function noSuchProvider(providerArn: string): never {
  throw new AwsError('NoSuchEntity', `OpenIDConnect Provider not found for arn ${providerArn}`, 404)
}
