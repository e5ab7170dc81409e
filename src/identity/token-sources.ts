import type { TokenSource } from '../aws/aws.type.ts'
import { googleIssuer } from './google/google-account.ts'

/**
 * Tokens for every organization by the mode its identity was made in, which never changes: GATEHOUSE_IDENTITY decides about new ones.
 * `google` is null where the server knows no Google accounts.
 */
export function tokenSources(issuer: TokenSource, google: TokenSource | null): TokenSource {
  const of = (mode: 'issuer' | 'google') => (mode === 'issuer' ? issuer : google)
  return {
    async token(identity, options) {
      const source = of(identity.mode)
      if (!source) throw new Error(`The identity of ${identity.organizationId} is a Google service account, and this server knows none.`)
      return source.token(identity, options)
    },
    identityProblem(setupIssuer, identity) {
      const mode = setupIssuer === googleIssuer ? 'google' : 'issuer'
      if (mode !== identity.mode) {
        return {
          expected: `A setup for who this organization is to AWS (${identity.issuer})`,
          actual: `a setup for ${setupIssuer}`,
          remediation: 'Stage the component again and apply its new setup in AWS.',
        }
      }
      const source = of(mode)
      if (source) return source.identityProblem(setupIssuer, identity)
      return {
        expected: 'This server knows the Google service account that this organization has',
        actual: 'GATEHOUSE_IDENTITY is issuer',
        remediation: 'Set GATEHOUSE_IDENTITY to google, with the same accounts as before, and restart this server.',
      }
    },
  }
}
