import { describe, expect, it } from 'vitest'
import { ACCOUNT, CASES, GOOGLE_IDENTITY, ISSUER_IDENTITY, setupOf } from './setups.ts'

/** IAM's limit for a trust policy unless a customer has it raised. */
const TRUST_POLICY_LIMIT = 2_048

describe.each(CASES)('the trust policy of $title', ({ arnPartition, identity, setup }) => {
  it('lets one federated principal in, under exact conditions alone', () => {
    const issuer = {
      Principal: { Federated: `arn:${arnPartition}:iam::${ACCOUNT}:oidc-provider/gatehouse.example.com/base` },
      StringEquals: { 'gatehouse.example.com/base:aud': identity.audience, 'gatehouse.example.com/base:sub': 'organization:org_1' },
    }
    const google = {
      Principal: { Federated: 'accounts.google.com' },
      StringEquals: {
        'accounts.google.com:aud': identity.subject,
        'accounts.google.com:oaud': 'gatehouse:org_1',
        'accounts.google.com:sub': identity.subject,
      },
    }
    const { Principal, StringEquals } = identity.mode === 'issuer' ? issuer : google
    expect(JSON.parse(setup.trustPolicy)).toEqual({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRoleWithWebIdentity', Condition: { StringEquals } }],
    })
  })

  it("fits IAM's limit", () => {
    expect(setup.trustPolicy.length).toBeLessThanOrEqual(TRUST_POLICY_LIMIT)
  })
})

it('gives two organizations different trust policies', () => {
  const other = { ...ISSUER_IDENTITY, organizationId: 'org_2', subject: 'organization:org_2', audience: '999999999999999999999' }
  expect(setupOf('INVENTORY', { identity: other }).trustPolicy).not.toBe(setupOf('INVENTORY').trustPolicy)
})

it('names the provider to create in issuer mode, and none where AWS has it built in', () => {
  const audience = ISSUER_IDENTITY.audience
  const issuer = {
    oidcProviderUrl: 'https://gatehouse.example.com/base',
    issuer: 'https://gatehouse.example.com/base',
    serviceAccountId: audience,
  }
  expect(setupOf('INVENTORY')).toMatchObject(issuer)
  const google = { oidcProviderUrl: null, issuer: 'accounts.google.com', serviceAccountId: GOOGLE_IDENTITY.subject }
  expect(setupOf('INVENTORY', { identity: GOOGLE_IDENTITY })).toMatchObject(google)
})

it('leaves no scheme in ARN and condition keys, for the local issuer of a stand-in either', () => {
  const { trustPolicy } = setupOf('INVENTORY', { identity: { ...ISSUER_IDENTITY, issuer: 'http://127.0.0.1:4000' } })
  const [statement] = JSON.parse(trustPolicy).Statement
  expect(statement.Principal.Federated).toBe(`arn:aws:iam::${ACCOUNT}:oidc-provider/127.0.0.1:4000`)
  expect(Object.keys(statement.Condition.StringEquals)).toEqual(['127.0.0.1:4000:aud', '127.0.0.1:4000:sub'])
})
