import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inlinePolicyDifferences } from '../../src/aws/policy-document.ts'

const account = 'aws:ResourceAccount'
const stored: [Statement, Statement, Statement] = [
  {
    Sid: 'Read',
    Effect: 'Allow',
    Action: ['iam:GetRole', 'iam:GetRolePolicy'],
    Resource: 'arn:aws:iam::111122223333:role/A',
    Condition: { StringEquals: { [account]: '111122223333' } },
  },
  { Sid: 'List', Effect: 'Allow', Action: 'iam:ListRoles', Resource: '*' },
  { Sid: 'Never', Effect: 'Deny', NotAction: ['iam:Get*', 'iam:List*'], NotResource: ['arn:aws:s3:::a', 'arn:aws:s3:::b'] },
]
const [read, list, never] = stored

type Statement = Record<string, unknown>

function policy(statements: unknown, extra: Record<string, unknown> = {}): string {
  return JSON.stringify({ Version: '2012-10-17', ...extra, Statement: statements })
}

const differences = (found: string) => inlinePolicyDifferences(policy(stored), found)

describe('an inline policy that grants the same matches', () => {
  const same: Record<string, string> = {
    'the very document': policy(stored),
    'indented otherwise': JSON.stringify(JSON.parse(policy(stored)), null, 4),
    'statements in another order': policy([never, read, list]),
    'other Sids and none': policy([{ ...read, Sid: 'Other' }, { ...list, Sid: undefined }, never]),
    'a statement twice': policy([...stored, list]),
    'actions in another order and case': policy([{ ...read, Action: ['IAM:getrolepolicy', 'iam:getRole'] }, list, never]),
    'a single action as a list of one': policy([read, { ...list, Action: ['iam:ListRoles'], Resource: ['*'] }, never]),
    'resources in another order': policy([read, list, { ...never, NotResource: ['arn:aws:s3:::b', 'arn:aws:s3:::a'] }]),
    'a condition key in another case, its value as a list of one': policy([
      { ...read, Condition: { StringEquals: { 'AWS:resourceaccount': ['111122223333'] } } },
      list,
      never,
    ]),
    'an Id': policy(stored, { Id: 'mine' }),
    'members in another order': JSON.stringify({ Statement: stored, Version: '2012-10-17' }),
  }
  test.each(Object.entries(same))('%s', (_name, found) => {
    expect(differences(found)).toEqual([])
  })

  test('one statement alone and as a list of one', () => {
    expect(inlinePolicyDifferences(policy([list]), policy(list))).toEqual([])
  })

  test('a condition value as a boolean and as its text', () => {
    const statement = (value: unknown) => policy([{ ...list, Condition: { Bool: { 'aws:SecureTransport': value } } }])
    expect(inlinePolicyDifferences(statement('true'), statement(true))).toEqual([])
  })
})

describe('an inline policy that grants anything else does not match', () => {
  const other: Record<string, string> = {
    'a statement missing': policy([read, list]),
    'a statement more': policy([...stored, { Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*' }]),
    'a Deny more': policy([...stored, { Effect: 'Deny', Action: 'iam:GetRole', Resource: '*' }]),
    'Deny for Allow': policy([{ ...read, Effect: 'Deny' }, list, never]),
    'an action more': policy([{ ...read, Action: ['iam:GetRole', 'iam:GetRolePolicy', 'iam:GetUser'] }, list, never]),
    'an action less': policy([{ ...read, Action: 'iam:GetRole' }, list, never]),
    'NotAction for Action': policy([{ ...read, Action: undefined, NotAction: read.Action }, list, never]),
    'NotResource for Resource': policy([{ ...read, Resource: undefined, NotResource: read.Resource }, list, never]),
    'a resource in another case': policy([{ ...read, Resource: 'arn:aws:iam::111122223333:role/a' }, list, never]),
    'a resource more': policy([{ ...read, Resource: [read.Resource, '*'] }, list, never]),
    'a condition missing': policy([{ ...read, Condition: undefined }, list, never]),
    'a condition with another value': policy([{ ...read, Condition: { StringEquals: { [account]: '444455556666' } } }, list, never]),
    'a condition with a value more': policy([
      { ...read, Condition: { StringEquals: { [account]: ['111122223333', '444455556666'] } } },
      list,
      never,
    ]),
    'a condition key in two cases, with two values': policy([
      { ...read, Condition: { StringEquals: { [account]: '111122223333', 'AWS:ResourceAccount': '444455556666' } } },
      list,
      never,
    ]),
    'a condition with another operator': policy([{ ...read, Condition: { StringLike: { [account]: '111122223333' } } }, list, never]),
    'a condition more': policy([read, { ...list, Condition: { Bool: { 'aws:SecureTransport': 'true' } } }, never]),
    'a principal': policy([read, { ...list, Principal: '*' }, never]),
    'another version': policy(stored, { Version: '2008-10-17' }),
    'no version': JSON.stringify({ Statement: stored }),
    'an element nobody knows': policy(stored, { Statements: [] }),
    'a list for text, written like it': policy([read, { ...list, Resource: [['*']] }, never]),
    'no statements': policy([]),
    'no Statement element': '{"Version":"2012-10-17"}',
    'a statement that is no object': policy([...stored, 'Allow']),
    'an Effect that is none': policy([{ ...read, Effect: 'allow' }, list, never]),
    'the list of statements named twice': `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}],"Statement":${JSON.stringify(stored)}}`,
    'a condition key named twice': policy(stored).replace(`"${account}":`, `"${account}":"444455556666","${account}":`),
    'no JSON': 'not JSON',
    nothing: '',
    null: 'null',
    'a list': '[]',
    'a document beyond any limit of AWS': policy([...stored, { ...list, Sid: 'x'.repeat(70_000) }]),
  }
  test.each(Object.entries(other))('%s', (_name, found) => {
    const [first] = differences(found)
    expect(first?.expected).toBeTruthy()
    expect(first?.actual).toBeTruthy()
  })
})

test('a colon or a quote inside a text does not pass for a member named twice', () => {
  const tricky = policy([{ ...list, Resource: ['arn:aws:s3:::"a":"b"', '\\":', 'x\\'] }])
  expect(inlinePolicyDifferences(tricky, tricky)).toEqual([])
})

const statements = fc.array(
  fc.record({
    Effect: fc.constantFrom('Allow', 'Deny'),
    Action: fc.uniqueArray(fc.constantFrom('iam:GetRole', 'iam:ListRoles', 's3:GetObject', 'ec2:DescribeInstances'), { minLength: 1 }),
    Resource: fc.uniqueArray(fc.constantFrom('*', 'arn:aws:s3:::a', 'arn:aws:s3:::b'), { minLength: 1 }),
  }),
  { minLength: 1, maxLength: 5 },
)

test('reordering, Sids and lists of one never change the verdict; a widened statement always does', () => {
  const rewritten = statements.chain((list) =>
    fc.tuple(
      fc.constant(list),
      fc.shuffledSubarray(list, { minLength: list.length }),
      fc.array(fc.boolean(), { minLength: list.length, maxLength: list.length }),
    ),
  )
  fc.assert(
    fc.property(rewritten, ([original, shuffled, sids]) => {
      const respelled = shuffled.map(({ Effect, Action, Resource }, index) => ({
        ...(sids[index] ? { Sid: `S${index}` } : {}),
        Resource: Resource.length === 1 ? Resource[0] : [...Resource].reverse(),
        Action: Action.length === 1 ? Action[0]?.toUpperCase() : [...Action].reverse(),
        Effect,
      }))
      expect(inlinePolicyDifferences(policy(original), policy(respelled))).toEqual([])
      const [first, ...rest] = respelled
      const widened = policy([{ ...first, Resource: ['arn:aws:s3:::c', ...[first?.Resource].flat()] }, ...rest])
      expect(inlinePolicyDifferences(policy(original), widened)).not.toEqual([])
    }),
  )
})
