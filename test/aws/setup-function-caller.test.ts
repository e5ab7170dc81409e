import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { INLINE_POLICY_LIMIT, inlinePolicySize } from '../../src/aws/role-setup.ts'
import { ACCOUNT, allowing, GOOGLE_IDENTITY, inlineDocumentsOf, KINDS, setupOf, statementsOf } from './setups.ts'

const PREFIX = `arn:aws:lambda:eu-west-1:${ACCOUNT}:function`

describe('the names in AWS', () => {
  it.each([
    ['IAM_ASSESSMENT', 'GatehouseIamAssessment', 'GatehouseIamAssessmentPolicy', []],
    ['IAM_WRITE', 'GatehouseIamManager', 'GatehouseIamManagerPolicy', []],
    ['FUNCTION_CALLER', 'GatehouseFunctionCaller', 'GatehouseInvoke-eu-west-1-approve', ['GatehouseSelfRead']],
    ['INVENTORY', 'GatehouseResourceInventory', 'GatehouseResourceInventoryPolicy', []],
  ] as const)('of %s are fixed', (kind, roleName, inlinePolicyName, additional) => {
    const setup = setupOf(kind)
    expect([setup.roleName, setup.inlinePolicyName]).toEqual([roleName, inlinePolicyName])
    expect(setup.additionalInlinePolicies.map(({ name }) => name)).toEqual(additional)
  })

  it('belong to roles that no two kinds share', () => {
    expect(new Set(KINDS.map((kind) => setupOf(kind).roleName)).size).toBe(KINDS.length)
  })

  it.each([
    [`${PREFIX}:approve`, 'GatehouseInvoke-eu-west-1-approve'],
    [`${PREFIX}:approve:live`, 'GatehouseInvoke-eu-west-1-approve-live'],
    [`${PREFIX}:approve:42`, 'GatehouseInvoke-eu-west-1-approve-42'],
    [`${PREFIX}:approve:$LATEST`, 'GatehouseInvoke-eu-west-1-approve-LATEST'],
  ])('of the policy for %s are %s', (itemId, name) => {
    expect(setupOf('FUNCTION_CALLER', { itemId }).inlinePolicyName).toBe(name)
  })

  it('of a policy are cut at 128 characters and end with the digest of the whole name', () => {
    const fits = 128 - 'GatehouseInvoke-eu-west-1-f-'.length
    const exact = 'q'.repeat(fits)
    expect(setupOf('FUNCTION_CALLER', { itemId: `${PREFIX}:f:${exact}` }).inlinePolicyName).toBe(`GatehouseInvoke-eu-west-1-f-${exact}`)
    const whole = `GatehouseInvoke-eu-west-1-f-${exact}x`
    const digest = createHash('sha256').update(whole).digest('hex').slice(0, 8)
    expect(setupOf('FUNCTION_CALLER', { itemId: `${PREFIX}:f:${exact}x` }).inlinePolicyName).toBe(`${whole.slice(0, 120)}${digest}`)
  })

  it('of policies are valid to IAM and differ for long functions that differ in their end', () => {
    const names = fc.stringMatching(/^[A-Za-z0-9_]{64}$/)
    const qualifiers = fc.stringMatching(/^[A-Za-z0-9_]{100,127}$/)
    fc.assert(
      fc.property(names, qualifiers, (name, qualifier) => {
        const of = (end: string) => setupOf('FUNCTION_CALLER', { itemId: `${PREFIX}:${name}:${qualifier}${end}` }).inlinePolicyName
        expect(of('a')).toMatch(/^[\w+=,.@-]{128}$/)
        expect(of('a')).not.toBe(of('b'))
      }),
    )
  })
})

describe('FUNCTION_CALLER', () => {
  it.each([`${PREFIX}:approve`, `${PREFIX}:approve:live`, `${PREFIX}:approve:$LATEST`])('may invoke exactly %s', (itemId) => {
    const setup = setupOf('FUNCTION_CALLER', { itemId })
    expect(allowing(setup, 'lambda:InvokeFunction').map(({ Resource }) => Resource)).toEqual([[itemId]])
    expect(JSON.parse(setup.inlinePolicy).Statement).toHaveLength(1)
  })

  it("keeps what all functions share out of a function's own policy", () => {
    const [one, other] = ['one', 'other'].map((name) => setupOf('FUNCTION_CALLER', { itemId: `${PREFIX}:${name}` }))
    expect(one?.additionalInlinePolicies).toEqual(other?.additionalInlinePolicies)
    expect(one?.trustPolicy).toBe(other?.trustPolicy)
    expect(one?.inlinePolicyName).not.toBe(other?.inlinePolicyName)
  })

  it('leaves room for more than 30 functions with usual names in a role', () => {
    const setups = Array.from({ length: 30 }, (_, index) => setupOf('FUNCTION_CALLER', { itemId: `${PREFIX}:approve-access-${index}` }))
    const shared = setups[0]?.additionalInlinePolicies.map(({ document }) => document) ?? []
    expect(inlinePolicySize([...shared, ...setups.map(({ inlinePolicy }) => inlinePolicy)])).toBeLessThan(INLINE_POLICY_LIMIT)
  })

  it('fits the limit with the longest names that Lambda allows', () => {
    const itemId = `arn:aws:lambda:ap-southeast-1:${ACCOUNT}:function:${'f'.repeat(64)}:${'q'.repeat(128)}`
    expect(inlinePolicySize(inlineDocumentsOf(setupOf('FUNCTION_CALLER', { itemId })))).toBeLessThan(INLINE_POLICY_LIMIT)
  })

  it('has no provider to read in google mode', () => {
    const statements = statementsOf(setupOf('FUNCTION_CALLER', { identity: GOOGLE_IDENTITY }))
    expect(statements.flatMap(({ Action }) => Action)).not.toContain('iam:GetOpenIDConnectProvider')
  })

  it.each([
    ['an account id', ACCOUNT, /Lambda function ARN/],
    ['a function of another account', 'arn:aws:lambda:eu-west-1:999999999999:function:approve', /not of the account 123456789012/],
    ['a function of another partition', `arn:aws-us-gov:lambda:us-gov-west-1:${ACCOUNT}:function:approve`, /not of the partition AWS/],
  ])('has no documents for %s', (_, itemId, message) => {
    expect(() => setupOf('FUNCTION_CALLER', { itemId })).toThrow(message)
  })
})
