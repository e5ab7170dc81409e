import type { Service } from '../service.ts'
import { accountOperations } from './account.ts'
import { iamOf } from './iam.state.ts'
import { oidcProviderOperations } from './oidc-providers.ts'
import { rolePolicyOperations } from './role-policies.ts'
import { roleOperations } from './roles.ts'
import { samlProviderOperations } from './saml-providers.ts'

export const iam: Service = {
  name: 'iam',
  actionPrefix: 'iam',
  protocol: 'query',
  timestamps: 'iso8601',
  version: '2010-05-08',
  namespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
  refusals: { internal: { code: 'ServiceFailure', status: 500 } },
  operations: [...roleOperations, ...rolePolicyOperations, ...oidcProviderOperations, ...samlProviderOperations, ...accountOperations],
  describe(account) {
    const { alias, roles, oidcProviders, samlProviders } = iamOf(account)
    return {
      alias: alias ?? null,
      roles: roles.size,
      oidcProviders: [...oidcProviders.latestValues()].map(({ url, clientIds }) => ({ url, clientIds })),
      samlProviders: [...samlProviders.latestValues()].map(({ arn }) => arn),
    }
  },
}
