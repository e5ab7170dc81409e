import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { newId } from '../../src/platform/typeid.ts'
import { componentCalls } from '../support/component-calls.ts'
import { functionArn, refusalOf, tenant } from '../support/component-story.ts'
import { rowsOf } from '../support/rows.ts'
import { type Case, expectRefusals, invalid, malformed, notAllowed, notFound, required, useScene } from './refusal-scene.ts'

const scene = useScene()

const badAccountIds: [title: string, itemId: string][] = [
  ['11 digits', '12345678901'],
  ['13 digits', '1234567890123'],
  ['letters', '12345678901a'],
  ['full-width digits', '１２３４５６７８９０１２'],
  ['Arabic digits', '١٢٣٤٥٦٧٨٩٠١٢'],
  ['hyphens', '1234-5678-9012'],
  ['a space before', ' 123456789012'],
  ['a line break after', '123456789012\n'],
  ['a NUL byte', '12345678901\u0000'],
  ['nothing', ''],
  ["a function's ARN", functionArn('123456789012')],
]
const arn = 'arn:aws:lambda:eu-west-1:123456789012:function:approve'
const badFunctions: [title: string, itemId: string][] = [
  ['an account id', '123456789012'],
  ['the partition of China', arn.replace('arn:aws:', 'arn:aws-cn:').replace('eu-west-1', 'cn-north-1')],
  ['a region of China', arn.replace('eu-west-1', 'cn-north-1')],
  ['a GovCloud region in aws', arn.replace('eu-west-1', 'us-gov-west-1')],
  ['a commercial region in aws-us-gov', arn.replace('arn:aws:', 'arn:aws-us-gov:')],
  ['an isolated region', arn.replace('eu-west-1', 'us-iso-east-1')],
  ['a host name for a region', arn.replace('eu-west-1', 'evil.example.com')],
  ['a path for a region', arn.replace('eu-west-1', 'eu-west-1/@evil')],
  ['a region that fits no host name', arn.replace('eu-west-1', `eu-${randomBytes(3000).toString('hex').replaceAll(/[0-9]/g, 'x')}-1`)],
  ['no region', arn.replace('eu-west-1', '')],
  ['another service', arn.replace('lambda', 'sns')],
  ['an account of 11 digits', arn.replace('123456789012', '12345678901')],
  ['a layer', arn.replace('function', 'layer')],
  ['no name', arn.replace('approve', '')],
  ['a name of 65 characters', arn.replace('approve', 'a'.repeat(65))],
  ['a pattern for a name', arn.replace('approve', '*')],
  ['an empty qualifier', `${arn}:`],
  ['a pattern for a qualifier', `${arn}:*`],
  ['a space in the qualifier', `${arn}:a b`],
  ['a second qualifier', `${arn}:live:2`],
  ['a qualifier like $LATEST', `${arn}:$latest`],
  ['a space before', ` ${arn}`],
]

describe('stageComponent refuses, and nothing changes:', () => {
  expectRefusals(scene, [
    ...badAccountIds.map(
      ([title, itemId]): Case => [
        `an account id with ${title}`,
        ({ own }) => own.calls.stage({ kind: 'INVENTORY', itemId }),
        malformed('input.itemId'),
      ],
    ),
    ...badFunctions.map(
      ([title, itemId]): Case => [
        `a function with ${title}`,
        ({ own }) => own.calls.stage({ kind: 'FUNCTION_CALLER', itemId }),
        malformed('input.itemId'),
      ],
    ),
    [
      "a partition that contradicts the function's ARN",
      ({ own, account }) => own.calls.stage({ kind: 'FUNCTION_CALLER', itemId: functionArn(account), partition: 'AWS_US_GOV' }),
      invalid('input.partition'),
    ],
    [
      "a partition that contradicts the function's GovCloud ARN",
      ({ own, account }) => own.calls.stage({ kind: 'FUNCTION_CALLER', itemId: functionArn(account, 'AWS_US_GOV'), partition: 'AWS' }),
      invalid('input.partition'),
    ],
    [
      "a partition that contradicts the account's",
      ({ own, staged }) => own.calls.stage({ kind: 'IAM_WRITE', itemId: staged.itemId, partition: 'AWS_US_GOV' }),
      invalid('input.partition'),
    ],
    [
      "a function whose ARN contradicts the account's partition",
      ({ own, gov }) => own.calls.stage({ kind: 'FUNCTION_CALLER', itemId: functionArn(gov.itemId) }),
      invalid('input.partition'),
    ],
    [
      'another partition for what is staged',
      ({ own, staged }) => own.calls.stage({ kind: 'INVENTORY', itemId: staged.itemId, partition: 'AWS_US_GOV' }),
      invalid('input.partition'),
    ],
    [
      'another partition for a component whose account has others',
      ({ own, configurable }) => own.calls.stage({ kind: 'INVENTORY', itemId: configurable.INVENTORY.itemId, partition: 'AWS_US_GOV' }),
      invalid('input.partition'),
    ],
    [
      'null for the partition',
      ({ own, account }) => own.calls.stage({ kind: 'INVENTORY', itemId: account, partition: null }),
      required('input.partition'),
    ],
    ['BASE of an account that has none', ({ own, account }) => own.calls.stage({ kind: 'BASE', itemId: account }), invalid('input.kind')],
    [
      'BASE of an account that has one',
      ({ own, base }) => own.calls.stage({ kind: 'BASE', itemId: base.itemId }),
      notAllowed('input.kind'),
    ],
    [
      'what is INSTALLED without allowRestage',
      ({ own, installed }) => own.calls.stage({ kind: 'INVENTORY', itemId: installed.itemId }),
      notAllowed('input.itemId'),
    ],
    [
      'an unknown organization',
      ({ own, account }) => componentCalls({ ...own, id: newId('org') }).stage({ kind: 'INVENTORY', itemId: account }),
      notFound('input.organizationId'),
    ],
    [
      'an organization of somebody else',
      ({ own, foreign, account }) => componentCalls({ ...own, id: foreign.id }).stage({ kind: 'INVENTORY', itemId: account }),
      notFound('input.organizationId'),
    ],
  ])

  test('what comes before the AWS integration, and says what to do first', async () => {
    const bare = await scene().app.organization()
    const before = await rowsOf(scene().app, bare.id)
    const payload = await componentCalls(bare).stage({ kind: 'INVENTORY', itemId: scene().account })
    expect(refusalOf(payload)).toEqual(['PreconditionError', 'PRECONDITION_FAILED', 'input.organizationId'])
    expect(payload.errors[0].remediation).toContain('installAwsIntegration')
    expect(await rowsOf(scene().app, bare.id)).toEqual(before)
  })
})

test('the leading zeros of an account id are kept', async () => {
  const { calls } = await tenant(scene().app)
  const { component } = await calls.stage({ kind: 'INVENTORY', itemId: '000000000012' })
  expect(component).toMatchObject({ itemId: '000000000012', label: '000000000012', awsAccount: { accountId: '000000000012' } })
  const read = await calls.all({ accountIds: ['000000000012'] })
  expect(read.map(({ itemId }) => itemId)).toEqual(['000000000012', '000000000012'])
})
