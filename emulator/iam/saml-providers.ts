import { z } from 'zod'
import { AwsError } from '../errors.ts'
import { operation, type Target } from '../service.ts'
import { arn } from './iam.fields.ts'
import { iamOf } from './iam.state.ts'

const validityMs = 100 * 365 * 86_400_000
const providerLimit = 100

export const samlProviderOperations = [
  operation({
    name: 'CreateSAMLProvider',
    input: z.object({
      Name: z
        .string()
        .min(1)
        .max(128)
        .regex(/^[\w._-]+$/),
      SAMLMetadataDocument: z.string().min(1000).max(10_000_000),
    }),
    resource: (input, { account }) => ({ arn: account.arn('iam', '', `saml-provider/${input.Name}`) }),
    handle({ Name, SAMLMetadataDocument }, call) {
      const { samlProviders } = iamOf(call.account)
      const providerArn = call.account.arn('iam', '', `saml-provider/${Name}`)
      if (samlProviders.latest(providerArn)) throw new AwsError('EntityAlreadyExists', `SAMLProvider ${providerArn} already exists.`, 409)
      if (!/<([\w.-]+:)?EntityDescriptor[\s>]/.test(SAMLMetadataDocument))
        throw new AwsError('InvalidInput', 'Could not parse metadata', 400)
      const provider = { arn: providerArn, metadata: SAMLMetadataDocument, createdAtMs: call.nowMs }
      samlProviders.put(providerArn, provider, call.nowMs, call.visibleAtMs())
      return { SAMLProviderArn: providerArn }
    },
  }),
  operation({
    name: 'GetSAMLProvider',
    input: z.object({ SAMLProviderArn: arn }),
    resource: aboutProvider,
    handle({ SAMLProviderArn }, { account, nowMs }) {
      const provider = iamOf(account).samlProviders.visible(SAMLProviderArn, nowMs)
      if (!provider) return noSuchProvider(SAMLProviderArn)
      return { SAMLMetadataDocument: provider.metadata, ...dates(provider) }
    },
  }),
  operation({
    name: 'DeleteSAMLProvider',
    input: z.object({ SAMLProviderArn: arn }),
    resource: aboutProvider,
    handle({ SAMLProviderArn }, { account }) {
      if (!iamOf(account).samlProviders.delete(SAMLProviderArn)) noSuchProvider(SAMLProviderArn)
    },
  }),
  operation({
    name: 'ListSAMLProviders',
    input: z.object({}),
    resource: (_input, { account }) => ({ arn: account.arn('iam', '', 'saml-provider/*') }),
    handle(_input, { account, nowMs }) {
      const { values } = iamOf(account).samlProviders.page(nowMs, providerLimit)
      return { SAMLProviderList: values.map((provider) => ({ Arn: provider.arn, ...dates(provider) })) }
    },
  }),
]

function aboutProvider({ SAMLProviderArn }: { SAMLProviderArn: string }): Target {
  return { arn: SAMLProviderArn }
}

function dates({ createdAtMs }: { createdAtMs: number }): { CreateDate: Date; ValidUntil: Date } {
  return { CreateDate: new Date(createdAtMs), ValidUntil: new Date(createdAtMs + validityMs) }
}

function noSuchProvider(providerArn: string): never {
  throw new AwsError('NoSuchEntity', `Manifest not found for arn ${providerArn}`, 404)
}
