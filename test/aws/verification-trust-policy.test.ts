import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readTrustExpectation, trustPolicyDifferences } from '../../src/aws/verification/trust-policy.ts'

const provider = 'arn:aws:iam::111122223333:oidc-provider/gatehouse.example/eu'
const sub = 'gatehouse.example/eu:sub'
const aud = 'gatehouse.example/eu:aud'
const ours = { [aud]: '123456789012345678901', [sub]: 'organization:org_one' }
const allow = {
  Effect: 'Allow',
  Principal: { Federated: provider },
  Action: 'sts:AssumeRoleWithWebIdentity',
  Condition: { StringEquals: ours },
}
const deny = { Effect: 'Deny', Principal: '*', Action: 'sts:*', Condition: { NotIpAddress: { 'aws:SourceIp': '192.0.2.0/24' } } }

const policy = (statement: unknown, extra: Record<string, unknown> = {}) =>
  JSON.stringify({ Version: '2012-10-17', ...extra, Statement: statement })
const withCondition = (condition: unknown) => policy([{ ...allow, Condition: condition }])
const stored = policy([allow])
const differences = (found: string) => trustPolicyDifferences(stored, found)

describe('a trust policy that trusts exactly this organization matches', () => {
  const matching: Record<string, string> = {
    'the very document': stored,
    'one statement outside a list': policy(allow),
    'lists of one everywhere': policy([
      {
        ...allow,
        Principal: { Federated: [provider] },
        Action: ['sts:AssumeRoleWithWebIdentity'],
        Condition: { StringEquals: { [aud]: [ours[aud]], [sub]: [ours[sub]] } },
      },
    ]),
    'a Sid and an Id': policy([{ Sid: 'Gatehouse', ...allow }], { Id: 'mine' }),
    'the older version': policy([allow], { Version: '2008-10-17' }),
    'condition keys in another case': withCondition({ StringEquals: { [aud.toUpperCase()]: ours[aud], [sub.toUpperCase()]: ours[sub] } }),
    'the action in another case': policy([{ ...allow, Action: 'STS:assumerolewithwebidentity' }]),
    'another key in the block': withCondition({ StringEquals: { ...ours, 'aws:RequestedRegion': ['us-east-1', 'us-west-2'] } }),
    'another operator': withCondition({ StringEquals: ours, IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } }),
    'an expected key under another operator too': withCondition({ StringEquals: ours, StringLike: { [sub]: '*' } }),
    'a Deny': policy([deny, allow]),
    'a Deny with NotPrincipal and NotAction': policy([allow, { Effect: 'Deny', NotPrincipal: { AWS: '*' }, NotAction: 'sts:TagSession' }]),
  }
  test.each(Object.entries(matching))('%s', (_name, found) => {
    expect(differences(found)).toEqual([])
  })
})

describe('a trust policy that could let in anyone else does not match', () => {
  const foreign: Record<string, string> = {
    'no Allow': policy([deny]),
    'no statement': policy([]),
    'no Statement element': '{"Version":"2012-10-17"}',
    'a second Allow for another principal': policy([
      allow,
      { Effect: 'Allow', Principal: { AWS: '444455556666' }, Action: 'sts:AssumeRole' },
    ]),
    'the same Allow twice': policy([allow, allow]),
    'a second Allow for the same principal without conditions': policy([allow, { ...allow, Condition: undefined }]),
    'Principal *': policy([{ ...allow, Principal: '*' }]),
    'Principal with * as federated': policy([{ ...allow, Principal: { Federated: '*' } }]),
    'Principal with AWS too': policy([{ ...allow, Principal: { Federated: provider, AWS: '444455556666' } }]),
    'Principal AWS': policy([{ ...allow, Principal: { AWS: '*' } }]),
    'two federated principals': policy([{ ...allow, Principal: { Federated: [provider, 'accounts.google.com'] } }]),
    'another federated principal': policy([{ ...allow, Principal: { Federated: 'accounts.google.com' } }]),
    'the provider in another case': policy([{ ...allow, Principal: { Federated: provider.toUpperCase() } }]),
    'Principal as a list': policy([{ ...allow, Principal: [{ Federated: provider }] }]),
    'the principal type in two cases': policy([{ ...allow, Principal: { Federated: provider, federated: '*' } }]),
    'no Principal': policy([{ ...allow, Principal: undefined }]),
    'NotPrincipal for Principal': policy([{ ...allow, Principal: undefined, NotPrincipal: { Federated: provider } }]),
    'NotPrincipal besides Principal': policy([{ ...allow, NotPrincipal: { AWS: '444455556666' } }]),
    'NotAction for Action': policy([{ ...allow, Action: undefined, NotAction: 'sts:GetCallerIdentity' }]),
    'NotAction besides Action': policy([{ ...allow, NotAction: 'sts:GetCallerIdentity' }]),
    'a further action': policy([{ ...allow, Action: ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession'] }]),
    'any action': policy([{ ...allow, Action: 'sts:*' }]),
    'another action': policy([{ ...allow, Action: 'sts:AssumeRole' }]),
    'no action': policy([{ ...allow, Action: [] }]),
    'no condition': policy([{ ...allow, Condition: undefined }]),
    'an empty condition': withCondition({}),
    'a condition that is a list': withCondition([{ StringEquals: ours }]),
    'only the audience': withCondition({ StringEquals: { [aud]: ours[aud] } }),
    'only the subject': withCondition({ StringEquals: { [sub]: ours[sub] } }),
    'another subject': withCondition({ StringEquals: { ...ours, [sub]: 'organization:org_two' } }),
    'the subject in another case': withCondition({ StringEquals: { ...ours, [sub]: 'ORGANIZATION:ORG_ONE' } }),
    'another audience': withCondition({ StringEquals: { ...ours, [aud]: '999999999999999999999' } }),
    'a second subject': withCondition({ StringEquals: { ...ours, [sub]: [ours[sub], 'organization:org_two'] } }),
    'the subject twice': withCondition({ StringEquals: { ...ours, [sub]: [ours[sub], ours[sub]] } }),
    'no value for the subject': withCondition({ StringEquals: { ...ours, [sub]: [] } }),
    'null for the subject': withCondition({ StringEquals: { ...ours, [sub]: null } }),
    'a nested list for the subject': withCondition({ StringEquals: { ...ours, [sub]: [[ours[sub]]] } }),
    'a number for the audience': withCondition({ StringEquals: { ...ours, [aud]: 123 } }),
    'the subject in two cases, with two values': withCondition({ StringEquals: { ...ours, [sub.toUpperCase()]: 'organization:org_two' } }),
    'the subject in two cases, with one value': withCondition({ StringEquals: { ...ours, [sub.toUpperCase()]: ours[sub] } }),
    'a wildcard in the subject': withCondition({ StringEquals: { ...ours, [sub]: 'organization:*' } }),
    'the subject under StringLike': withCondition({ StringEquals: { [aud]: ours[aud] }, StringLike: { [sub]: ours[sub] } }),
    ...Object.fromEntries(
      [
        'StringEqualsIgnoreCase',
        'StringEqualsIfExists',
        'ForAnyValue:StringEquals',
        'ForAllValues:StringEquals',
        'StringLike',
        'stringequals',
      ].map((operator) => [`${operator} for StringEquals`, withCondition({ [operator]: ours })]),
    ),
    'StringEquals that is a text': withCondition({ StringEquals: 'organization:org_one' }),
    'StringEquals as a list of blocks': withCondition({ StringEquals: [ours] }),
    'another operator that is malformed': withCondition({ StringEquals: ours, StringLike: 'x' }),
    'an unknown element beside the known ones': policy([{ ...allow, principal: '*' }]),
    'a Resource': policy([{ ...allow, Resource: '*' }]),
    'an Effect in another case': policy([allow, { ...allow, Effect: 'allow' }]),
    'a statement without Effect': policy([allow, { ...allow, Effect: undefined }]),
    'an unknown element at the top': policy([allow], { statement: [{ ...allow, Principal: '*' }] }),
    'a list at the top': JSON.stringify([{ Statement: [allow] }]),
    'a text at the top': '"Statement"',
    null: 'null',
    'no JSON': '{"Statement":',
    nothing: '',
    'statements that are no objects': policy(['Allow']),
    'a nested list of statements': policy([[allow]]),
    'Statement named twice': `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*"}],"Statement":${JSON.stringify([allow])}}`,
    'Condition named twice': stored.replace('"Condition":', '"Condition":{"StringLike":{"a":"*"}},"Condition":'),
    'StringEquals named twice': stored.replace('"StringEquals":', '"StringEquals":{"a":"b"},"StringEquals":'),
    'the subject named twice': stored.replace(`"${sub}":`, `"${sub}":"organization:org_two","${sub}":`),
    'the subject named twice, once escaped': stored.replace(
      `"${sub}":`,
      `"${sub.replace('s', '\\u0073')}":"organization:org_two","${sub}":`,
    ),
  }
  test.each(Object.entries(foreign))('%s', (_name, found) => {
    expect(found).not.toBe(stored)
    const [first] = differences(found)
    expect(first?.expected).toBeTruthy()
    expect(first?.actual).toBeTruthy()
  })
})

test('a look-alike operator is named, so that the reader sees why it does not count', () => {
  const [first] = differences(withCondition({ 'ForAnyValue:StringEquals': ours }))
  expect(first?.actual).toContain('ForAnyValue:StringEquals is not StringEquals')
})

test('in google mode the three Google keys are expected', () => {
  const google = { 'accounts.google.com:aud': '1', 'accounts.google.com:oaud': 'gatehouse:org_one', 'accounts.google.com:sub': '1' }
  const document = (StringEquals: Record<string, string>) =>
    policy([{ ...allow, Principal: { Federated: 'accounts.google.com' }, Condition: { StringEquals } }])
  expect(readTrustExpectation(document(google)).conditions.map(({ key }) => key)).toEqual(Object.keys(google))
  expect(trustPolicyDifferences(document(google), document(google))).toEqual([])
  for (const key of Object.keys(google)) {
    const { [key]: _without, ...rest } = google as Record<string, string>
    expect(trustPolicyDifferences(document(google), document(rest)), key).not.toEqual([])
  }
})

const text = fc.stringMatching(/^[a-z0-9.:/-]{1,20}$/)
const expectation = fc.record({
  federated: text.map((name) => `arn:aws:iam::111122223333:oidc-provider/${name}`),
  issuer: text,
  audience: fc.stringMatching(/^\d{21}$/),
  subject: text,
})
type Expectation = { federated: string; issuer: string; audience: string; subject: string }

function trustPolicy({ federated, issuer, audience, subject }: Expectation): Record<string, unknown> {
  return {
    Effect: 'Allow',
    Principal: { Federated: federated },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: { StringEquals: { [`${issuer}:aud`]: audience, [`${issuer}:sub`]: subject } },
  }
}

const additions = fc.record({
  operators: fc.dictionary(
    fc.constantFrom('StringLike', 'IpAddress', 'Bool', 'DateLessThan', 'ForAnyValue:StringEquals', 'StringNotEquals'),
    fc.dictionary(text, fc.oneof(text, fc.array(text))),
  ),
  keys: fc.dictionary(
    text.map((name) => `aws:${name}`),
    fc.oneof(text, fc.array(text)),
  ),
  denies: fc.array(fc.constantFrom(deny, { Effect: 'Deny', NotPrincipal: { AWS: '*' }, Action: '*' })),
  sid: fc.option(text, { nil: undefined }),
  first: fc.boolean(),
})

test('operators, keys, Denies and Sids that are added never change the verdict', () => {
  fc.assert(
    fc.property(expectation, additions, (expected, { operators, keys, denies, sid, first }) => {
      fc.pre(!expected.issuer.startsWith('aws'))
      const statement = trustPolicy(expected)
      const { StringEquals } = statement.Condition as { StringEquals: Record<string, unknown> }
      const added = { ...statement, Sid: sid, Condition: { ...operators, StringEquals: { ...keys, ...StringEquals } } }
      const found = policy(first ? [added, ...denies] : [...denies, added])
      expect(trustPolicyDifferences(policy([statement]), found)).toEqual([])
    }),
  )
})

test('an expected value that is changed always fails, whatever is added', () => {
  const changed = fc.constantFrom<keyof Expectation>('federated', 'issuer', 'audience', 'subject')
  fc.assert(
    fc.property(expectation, changed, additions, (expected, member, { operators, keys, denies }) => {
      fc.pre(!expected.issuer.startsWith('aws'))
      const statement = trustPolicy({ ...expected, [member]: `${expected[member]}x` })
      const { StringEquals } = statement.Condition as { StringEquals: Record<string, unknown> }
      const found = policy([...denies, { ...statement, Condition: { ...operators, StringEquals: { ...keys, ...StringEquals } } }])
      expect(trustPolicyDifferences(policy([trustPolicy(expected)]), found)).not.toEqual([])
    }),
  )
})
