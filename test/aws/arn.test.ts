import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseItemId, parseServiceArn, type ServiceArnExpectation } from '../../src/aws/arn.ts'
import type { VerifiableKind } from '../../src/aws/aws.type.ts'
import { arnPartitionOf, defaultRegion, partitionOf, regionBelongsTo, regionsOf } from '../../src/aws/partition.ts'
import { ACCOUNT, PARTITIONS } from './setups.ts'

const ACCOUNT_KINDS: VerifiableKind[] = ['IAM_ASSESSMENT', 'IAM_WRITE', 'ACCESS_LOGS', 'INVENTORY']
const UUID = '0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f'

describe('an item id', () => {
  it.each(ACCOUNT_KINDS)('of %s is an account id and says nothing of the partition', (kind) => {
    expect(parseItemId(kind, ACCOUNT)).toEqual({ accountId: ACCOUNT })
  })

  it.each([
    '',
    '12345678901',
    '1234567890123',
    '12345678901a',
    ` ${ACCOUNT}`,
    `${ACCOUNT}\n`,
    '١٢٣٤٥٦٧٨٩٠١٢',
    `arn:aws:iam::${ACCOUNT}:root`,
  ])('is refused as an account where it is %j', (itemId) => {
    for (const kind of ACCOUNT_KINDS) expect(messageOf(parseItemId(kind, itemId))).toMatch(/12 digits of an AWS account/)
  })

  it.each([
    ['AWS', `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:approve`],
    ['AWS', `arn:aws:lambda:us-east-1:${ACCOUNT}:function:Approve_it-2:live`],
    ['AWS', `arn:aws:lambda:ap-southeast-7:${ACCOUNT}:function:approve:42`],
    ['AWS', `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:approve:$LATEST`],
    ['AWS', `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:${'f'.repeat(64)}:${'q'.repeat(128)}`],
    ['AWS_US_GOV', `arn:aws-us-gov:lambda:us-gov-west-1:${ACCOUNT}:function:approve`],
  ])('of a FUNCTION_CALLER in %s may be %s', (partition, itemId) => {
    expect(parseItemId('FUNCTION_CALLER', itemId)).toEqual({ accountId: ACCOUNT, partition, functionArn: itemId })
  })

  it.each([
    ['no ARN', ACCOUNT, /expected a Lambda function ARN/],
    ['the partition', `arn:aws-cn:lambda:cn-north-1:${ACCOUNT}:function:f`, /partition is "aws-cn", expected aws or aws-us-gov/],
    ['the service', `arn:aws:sns:eu-west-1:${ACCOUNT}:function:f`, /service is "sns", expected lambda/],
    ['the region of another partition', `arn:aws:lambda:us-gov-west-1:${ACCOUNT}:function:f`, /region is "us-gov-west-1", expected .* aws/],
    [
      'the region of another partition',
      `arn:aws-us-gov:lambda:us-east-1:${ACCOUNT}:function:f`,
      /region is "us-east-1", expected .* aws-us-gov/,
    ],
    ['the region', `arn:aws:lambda:evil.example/:${ACCOUNT}:function:f`, /region is "evil.example\/"/],
    ['the account', 'arn:aws:lambda:eu-west-1:12345:function:f', /account is "12345", expected 12 digits/],
    ['the resource type', `arn:aws:lambda:eu-west-1:${ACCOUNT}:layer:f`, /resource type is "layer", expected function/],
    ['the name', `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:`, /function name is "", expected/],
    ['the name', `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:a b`, /function name is "a b", expected/],
    ['the name', `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:*`, /function name is "\*", expected/],
    ['the name', `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:${'f'.repeat(65)}`, /function name .* expected 1 to 64/],
    ['the qualifier', `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:f:`, /qualifier is "", expected/],
    ['the qualifier', `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:f:$NEXT`, /qualifier is "\$NEXT", expected/],
    ['the qualifier', `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:f:a:b`, /qualifier is "a:b", expected/],
    ['the qualifier', `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:f\n`, /function name is "f\\n", expected/],
  ])('of a FUNCTION_CALLER that is wrong in %s is refused by name: %s', (_, itemId, message) => {
    expect(messageOf(parseItemId('FUNCTION_CALLER', itemId))).toMatch(message)
  })

  it('is never accepted outside the form that the schema documents', () => {
    const form =
      /^arn:(aws|aws-us-gov):lambda:[a-z]{2}(-[a-z]+)+-\d{1,2}:\d{12}:function:[A-Za-z0-9-_]{1,64}(:(\$LATEST|[A-Za-z0-9-_]{1,128}))?$/
    fc.assert(
      fc.property(mutatedArn(`arn:aws:lambda:eu-west-1:${ACCOUNT}:function:approve:live`), (itemId) => {
        const parsed = parseItemId('FUNCTION_CALLER', itemId)
        if ('problem' in parsed) return
        expect(itemId).toMatch(form)
        expect(itemId.split(':')[4]).toBe(parsed.accountId)
        expect(parsed.functionArn).toBe(itemId)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe("a service's ARN", () => {
  const analyzer: ServiceArnExpectation = { service: 'access-analyzer', resourceType: 'analyzer', partition: 'AWS', accountId: ACCOUNT }
  const store: ServiceArnExpectation = { service: 'cloudtrail', resourceType: 'eventdatastore', partition: 'AWS', accountId: ACCOUNT }

  it.each(PARTITIONS)('gives region and name in $arn', ({ partition, arn, region }) => {
    const analyzerArn = `arn:${arn}:access-analyzer:${region}:${ACCOUNT}:analyzer/my.analyzer_1-x`
    expect(parseServiceArn(analyzerArn, { ...analyzer, partition })).toEqual({ region, name: 'my.analyzer_1-x' })
    const storeArn = `arn:${arn}:cloudtrail:${region}:${ACCOUNT}:eventdatastore/${UUID}`
    expect(parseServiceArn(storeArn, { ...store, partition })).toEqual({ region, name: UUID })
  })

  const analyzerArn = (changes: Record<string, string>) => {
    const parts = {
      arn: 'arn',
      partition: 'aws',
      service: 'access-analyzer',
      region: 'eu-west-1',
      account: ACCOUNT,
      resource: 'analyzer/mine',
      ...changes,
    }
    return Object.values(parts).join(':')
  }

  it.each([
    ['no ARN', analyzerArn({ arn: 'urn' }), /ARN is "urn:.*expected arn:aws:access-analyzer:<region>:123456789012:analyzer\/<name>/],
    ['a further part', `${analyzerArn({})}:x`, /expected arn:aws:access-analyzer/],
    ['another partition', analyzerArn({ partition: 'aws-us-gov' }), /partition is "aws-us-gov", expected aws/],
    ['another service', analyzerArn({ service: 'cloudtrail' }), /service is "cloudtrail", expected access-analyzer/],
    ['no region', analyzerArn({ region: '' }), /region is "", expected a region of the partition aws/],
    ["another partition's region", analyzerArn({ region: 'cn-north-1' }), /region is "cn-north-1", expected a region of the partition aws/],
    ['another account', analyzerArn({ account: '999999999999' }), /account is "999999999999", expected 123456789012/],
    ['another resource type', analyzerArn({ resource: 'channel/mine' }), /resource type is "channel", expected analyzer/],
    ['no name', analyzerArn({ resource: 'analyzer' }), /name is "", expected/],
    ['a path for a name', analyzerArn({ resource: 'analyzer/mine/archive-rule/x' }), /name is "mine\/archive-rule\/x", expected/],
    ['dots for a name', analyzerArn({ resource: 'analyzer/..' }), /name is "..", expected/],
  ])('with %s is refused with the wrong part and what was expected', (_, arn, message) => {
    expect(messageOf(parseServiceArn(arn, analyzer))).toMatch(message)
  })

  it('of an event data store ends with a UUID', () => {
    const arn = `arn:aws:cloudtrail:eu-west-1:${ACCOUNT}:eventdatastore/mine`
    expect(messageOf(parseServiceArn(arn, store))).toMatch(/uuid is "mine", expected as in arn:aws:cloudtrail:<region>:123456789012/)
  })

  it('is never accepted for another account, service or type, nor with a name that could leave a path', () => {
    const form = new RegExp(`^arn:aws:access-analyzer:[a-z]{2}(-[a-z]+)+-\\d{1,2}:${ACCOUNT}:analyzer/[A-Za-z0-9_.-]{1,255}$`)
    fc.assert(
      fc.property(mutatedArn(analyzerArn({})), (arn) => {
        const parsed = parseServiceArn(arn, analyzer)
        if ('problem' in parsed) return
        expect(arn).toMatch(form)
        expect(arn).toBe(`arn:aws:access-analyzer:${parsed.region}:${ACCOUNT}:analyzer/${parsed.name}`)
      }),
      { numRuns: 2_000 },
    )
  })

  it('that is long is quoted in part only', () => {
    expect(messageOf(parseServiceArn('x'.repeat(100_000), analyzer)).length).toBeLessThan(500)
  })
})

describe('a region', () => {
  it.each(PARTITIONS)('of the list belongs to $partition and to no other', ({ partition }) => {
    const other = partition === 'AWS' ? 'AWS_US_GOV' : 'AWS'
    expect(regionsOf(partition).filter((region) => !regionBelongsTo(region, partition) || regionBelongsTo(region, other))).toEqual([])
    expect(new Set(regionsOf(partition)).size).toBe(regionsOf(partition).length)
    expect(regionsOf(partition)).toContain(defaultRegion(partition))
  })

  it.each([
    ...['cn-north-1', 'cn-northwest-1', 'us-iso-east-1', 'us-isob-east-1', 'us-isof-south-1', 'eu-isoe-west-1', 'eusc-de-east-1'],
    ...['', 'us-east', 'us-east-100', 'US-EAST-1', 'us-east-1.evil.example', 'us-east-1\n', 'us--east-1', 'aws-global'],
  ])('that is not of a supported partition is refused: %j', (region) => {
    expect([regionBelongsTo(region, 'AWS'), regionBelongsTo(region, 'AWS_US_GOV')]).toEqual([false, false])
  })

  it('that opened after this release is accepted', () => {
    expect(regionBelongsTo('ap-southeast-12', 'AWS')).toBe(true)
  })

  it('never belongs to two partitions, and is safe in a host name where it belongs to one', () => {
    const nearRegions = fc.stringMatching(/^(us|eu|cn|[a-z]{2})-(gov-|iso-|isob-|)(east|west|[a-z.]{1,6})-\d{1,3}$/)
    fc.assert(
      fc.property(fc.oneof(nearRegions, fc.string()), (region) => {
        const partitions = PARTITIONS.filter(({ partition }) => regionBelongsTo(region, partition))
        expect(partitions.length).toBeLessThan(2)
        if (partitions.length > 0) expect(region).toMatch(/^[a-z]{2}(-[a-z]+)+-\d{1,2}$/)
      }),
    )
  })

  it.each([
    ['AWS', undefined, 'us-east-1'],
    ['AWS', 'eu-west-1', 'eu-west-1'],
    ['AWS', 'us-gov-east-1', 'us-east-1'],
    ['AWS', 'nonsense', 'us-east-1'],
    ['AWS_US_GOV', undefined, 'us-gov-west-1'],
    ['AWS_US_GOV', 'us-gov-east-1', 'us-gov-east-1'],
    ['AWS_US_GOV', 'eu-west-1', 'us-gov-west-1'],
  ] as const)('in %s with AWS_REGION %s is by default %s', (partition, awsRegion, expected) => {
    expect(defaultRegion(partition, awsRegion)).toBe(expected)
  })
})

it('has a partition and its name in ARNs stand for each other', () => {
  for (const { partition, arn } of PARTITIONS) expect([arnPartitionOf(partition), partitionOf(arn)]).toEqual([arn, partition])
  expect(['aws-cn', 'aws-iso', 'AWS', ''].map(partitionOf)).toEqual([null, null, null, null])
})

function messageOf(parsed: object): string {
  return (parsed as { problem?: { message: string } }).problem?.message ?? `accepted: ${JSON.stringify(parsed)}`
}

/** ARNs near `arn`: some of its parts replaced by others of the kind, by near misses or by anything. */
function mutatedArn(arn: string): fc.Arbitrary<string> {
  const parts = arn
    .split(':')
    .map((part) =>
      fc.oneof(
        { weight: 6, arbitrary: fc.constant(part) },
        { weight: 2, arbitrary: fc.constantFrom('aws', 'aws-us-gov', 'us-gov-west-1', 'sa-east-1', '999999999999', '$LATEST', '..', '') },
        { weight: 1, arbitrary: fc.stringMatching(/^[A-Za-z0-9_.$/*-]{0,70}$/) },
        { weight: 1, arbitrary: fc.string().map((text) => `${part}${text}`) },
      ),
    )
  return fc
    .tuple(fc.tuple(...parts), fc.integer({ min: 0, max: 12 }))
    .map(([values, kept]) => values.slice(0, kept < 3 ? 7 : undefined).join(':'))
}
