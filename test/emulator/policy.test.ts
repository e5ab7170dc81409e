import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PolicyContext } from '../../emulator/policy/context.ts'
import { parsePolicy } from '../../emulator/policy/document.ts'
import { decide } from '../../emulator/policy/evaluate.ts'
import { matchesArn, matchesWildcards } from '../../emulator/policy/pattern.ts'
import { allow, deny, policy } from './documents.ts'

const role = 'arn:aws:iam::123456789012:role/team/Reader'

function decisionOf(documents: string[], keys: Record<string, string | string[]> = {}, action = 'iam:GetRole', resource = role) {
  return decide(documents.map(parsePolicy), { action, resource, context: new PolicyContext(keys) })
}

describe('a statement', () => {
  const statement = (members: object) => policy({ Effect: 'Allow', ...members })
  test.each([
    ['the action and resource as they are', policy(allow('iam:GetRole', role)), 'allow'],
    ['the action in other letters', policy(allow('IAM:getrole', role)), 'allow'],
    ['a wildcard in the action', policy(allow('iam:Get*')), 'allow'],
    ['every action', policy(allow('*')), 'allow'],
    ['a question mark for one letter', policy(allow('iam:GetRol?')), 'allow'],
    ['one of several actions', policy(allow(['s3:GetObject', 'iam:GetRole'])), 'allow'],
    ['every action but another one', statement({ NotAction: 'iam:DeleteRole', Resource: '*' }), 'allow'],
    ['every resource but another one', statement({ Action: 'iam:*', NotResource: 'arn:aws:iam::123456789012:user/*' }), 'allow'],
    ['a wildcard in the path', policy(allow('iam:GetRole', 'arn:aws:iam::123456789012:role/*/Reader')), 'allow'],
    ['an ARN that leaves its end open', policy(allow('iam:GetRole', 'arn:aws:iam')), 'allow'],
    ['any account', policy(allow('iam:GetRole', 'arn:aws:iam::*:role/*')), 'allow'],
    ['another action', policy(allow('iam:GetUser')), 'implicitDeny'],
    ['an action of which this one is the beginning', policy(allow('iam:GetRolePolicy')), 'implicitDeny'],
    ['every action but this one', statement({ NotAction: 'iam:Get*', Resource: '*' }), 'implicitDeny'],
    ['every resource but this one', statement({ Action: 'iam:*', NotResource: role }), 'implicitDeny'],
    ['another path', policy(allow('iam:GetRole', 'arn:aws:iam::123456789012:role/Reader')), 'implicitDeny'],
    ['the resource in other letters', policy(allow('iam:GetRole', role.toLowerCase())), 'implicitDeny'],
    ['another account', policy(allow('iam:GetRole', 'arn:aws:iam::210987654321:role/*')), 'implicitDeny'],
    ['a wildcard that would have to reach over a colon', policy(allow('iam:GetRole', 'arn:aws:iam:*:role/team/Reader')), 'implicitDeny'],
    ['a Deny beside the Allow', policy(allow('*'), deny('iam:GetRole')), 'explicitDeny'],
    ['a Deny before the Allow', policy(deny('iam:*', role), allow('*')), 'explicitDeny'],
    ['a Deny of something else', policy(allow('*'), deny('iam:DeleteRole')), 'allow'],
    ['a Deny under a condition that does not hold', policy(allow('*'), deny('*', '*', { Bool: { 'aws:x': 'true' } })), 'allow'],
  ])('with %s: %s is %s', (_title, document, expected) => {
    expect(decisionOf([document])).toBe(expected)
  })

  test('in one policy denies what another policy allows', () => {
    expect(decisionOf([policy(allow('*')), policy(deny('iam:GetRole'))])).toBe('explicitDeny')
  })

  test('on an action without a resource type applies only to *', () => {
    const decision = (resource: string) => decisionOf([policy(allow('lambda:ListFunctions', resource))], {}, 'lambda:ListFunctions', '*')
    expect([decision('*'), decision('arn:aws:lambda:*:*:function:*')]).toEqual(['allow', 'implicitDeny'])
  })
})

describe('a condition', () => {
  const keys = {
    'aws:ResourceAccount': '123456789012',
    'aws:ResourceTag/ManagedBy': 'Gatehouse',
    'iam:PolicyARN': 'arn:aws:iam::123456789012:policy/Gatehouse/One',
    'aws:TagKeys': ['a', 'b'],
    'aws:CurrentTime': '2026-05-01T12:00:00.000Z',
    'aws:SourceIp': '10.1.2.3',
    'aws:SecureTransport': 'true',
    'x:number': '10',
  }
  test.each<[string, Record<string, Record<string, string | string[]>>, boolean]>([
    ['StringEquals, equal', { StringEquals: { 'aws:ResourceAccount': '123456789012' } }, true],
    ['StringEquals, one of several', { StringEquals: { 'aws:ResourceAccount': ['1', '123456789012'] } }, true],
    ['StringEquals, key in other letters', { StringEquals: { 'AWS:resourceaccount': '123456789012' } }, true],
    ['StringEquals, tag', { StringEquals: { 'aws:ResourceTag/ManagedBy': 'Gatehouse' } }, true],
    ['StringEquals, value in other letters', { StringEquals: { 'aws:ResourceTag/ManagedBy': 'gatehouse' } }, false],
    ['StringEquals, no wildcards', { StringEquals: { 'aws:ResourceAccount': '*' } }, false],
    ['StringEquals, no such key', { StringEquals: { 'aws:none': 'x' } }, false],
    ['StringEqualsIfExists, no such key', { StringEqualsIfExists: { 'aws:none': 'x' } }, true],
    ['StringEqualsIfExists, other value', { StringEqualsIfExists: { 'aws:ResourceAccount': 'x' } }, false],
    ['StringEqualsIgnoreCase', { StringEqualsIgnoreCase: { 'aws:ResourceTag/ManagedBy': 'GATEHOUSE' } }, true],
    ['StringNotEquals, other', { StringNotEquals: { 'aws:ResourceAccount': '1' } }, true],
    ['StringNotEquals, equal to one', { StringNotEquals: { 'aws:ResourceAccount': ['1', '123456789012'] } }, false],
    ['StringNotEquals, no such key', { StringNotEquals: { 'aws:none': 'x' } }, true],
    ['StringLike', { StringLike: { 'aws:ResourceTag/ManagedBy': 'Gate*' } }, true],
    ['StringNotLike', { StringNotLike: { 'aws:ResourceTag/ManagedBy': 'Gate*' } }, false],
    ['ArnLike', { ArnLike: { 'iam:PolicyARN': 'arn:aws:iam::*:policy/Gatehouse*' } }, true],
    ['ArnLike, another kind', { ArnLike: { 'iam:PolicyARN': 'arn:aws:iam::*:role/Gatehouse*' } }, false],
    ['ArnEquals knows wildcards too', { ArnEquals: { 'iam:PolicyARN': 'arn:aws:iam::123456789012:policy/*' } }, true],
    ['ArnNotLike', { ArnNotLike: { 'iam:PolicyARN': 'arn:aws:iam::*:policy/Other*' } }, true],
    ['Null true, absent', { Null: { 'aws:none': 'true' } }, true],
    ['Null true, present', { Null: { 'aws:ResourceAccount': 'true' } }, false],
    ['Null false, present', { Null: { 'aws:ResourceAccount': 'false' } }, true],
    ['NumericLessThan', { NumericLessThan: { 'x:number': '11' } }, true],
    ['NumericGreaterThanEquals', { NumericGreaterThanEquals: { 'x:number': '11' } }, false],
    ['NumericEquals, no number', { NumericEquals: { 'x:number': 'ten' } }, false],
    ['DateGreaterThan', { DateGreaterThan: { 'aws:CurrentTime': '2026-04-30T00:00:00Z' } }, true],
    ['DateLessThan', { DateLessThan: { 'aws:CurrentTime': '2026-04-30T00:00:00Z' } }, false],
    ['IpAddress', { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }, true],
    ['IpAddress, other family', { IpAddress: { 'aws:SourceIp': '::/0' } }, false],
    ['NotIpAddress', { NotIpAddress: { 'aws:SourceIp': '192.168.0.0/16' } }, true],
    ['Bool', { Bool: { 'aws:SecureTransport': 'true' } }, true],
    ['ForAnyValue, one of them', { 'ForAnyValue:StringEquals': { 'aws:TagKeys': 'b' } }, true],
    ['ForAnyValue, none of them', { 'ForAnyValue:StringEquals': { 'aws:TagKeys': 'c' } }, false],
    ['ForAnyValue, no such key', { 'ForAnyValue:StringNotEquals': { 'aws:none': 'c' } }, false],
    ['ForAllValues, all of them', { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a', 'b', 'c'] } }, true],
    ['ForAllValues, not all', { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a'] } }, false],
    ['ForAllValues, no such key', { 'ForAllValues:StringEquals': { 'aws:none': 'a' } }, true],
    [
      'two operators, one failing',
      { StringEquals: { 'aws:ResourceAccount': '123456789012' }, Bool: { 'aws:SecureTransport': 'false' } },
      false,
    ],
    ['an operator that does not exist', { StringResembles: { 'aws:ResourceAccount': '123456789012' } }, false],
    ['a variable', { StringEquals: { 'aws:ResourceAccount': '${aws:ResourceAccount}' } }, true],
    ['a variable without value', { StringEquals: { 'aws:ResourceAccount': '${aws:none}' } }, false],
    ['a variable with a default', { StringLike: { 'aws:ResourceAccount': "${aws:none, '1234'}*" } }, true],
    ['an escaped star', { StringLike: { 'aws:ResourceAccount': '1234${*}' } }, false],
  ])('%s', (_title, conditions, isMet) => {
    expect(decisionOf([policy(allow('*', '*', conditions))], keys)).toBe(isMet ? 'allow' : 'implicitDeny')
  })

  test('with a variable is taken literally in a policy of the old version', () => {
    const old = policy(allow('*', '*', { StringEquals: { 'aws:ResourceAccount': '${aws:ResourceAccount}' } })).replace(
      '2012-10-17',
      '2008-10-17',
    )
    expect(decisionOf([old], keys)).toBe('implicitDeny')
  })
})

test('a value that came out of a variable is never a wildcard', () => {
  const document = policy(allow('iam:GetRole', 'arn:aws:iam::123456789012:role/${aws:PrincipalTag/team}/*'))
  expect(decisionOf([document], { 'aws:PrincipalTag/team': 'team' })).toBe('allow')
  expect(decisionOf([document], { 'aws:PrincipalTag/team': '*' })).toBe('implicitDeny')
})

test('wildcards match exactly what the equal regular expression matches', () => {
  const letters = fc.stringMatching(/^[ab:/]{0,12}$/)
  fc.assert(
    fc.property(fc.stringMatching(/^[ab:/*?]{0,10}$/), letters, (pattern, text) => {
      const expression = new RegExp(`^${pattern.replaceAll('*', '[^]*').replaceAll('?', '[^]')}$`)
      expect(matchesWildcards(pattern, text)).toBe(expression.test(text))
    }),
    { numRuns: 2000 },
  )
})

test('many wildcards against a long text are decided at once', () => {
  const started = performance.now()
  expect(matchesWildcards('*a'.repeat(60) + 'b', 'a'.repeat(20_000))).toBe(false)
  expect(performance.now() - started).toBeLessThan(2000)
})

test('an ARN matches itself and no ARN of another account', () => {
  expect([matchesArn(role, role), matchesArn(role.replace('123456789012', '210987654321'), role)]).toEqual([true, false])
})
