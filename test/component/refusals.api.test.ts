import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../src/platform/typeid.ts'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { newAccount } from '../support/aws-setup.ts'
import { componentCalls } from '../support/component-calls.ts'
import { functionArn, itemOf, refusalOf, type StagedKind, stagedKinds, type Tenant, tenant } from '../support/component-story.ts'
import { rowsOf } from '../support/rows.ts'

/** What the refused calls are made against. */
interface Scene {
  own: Tenant
  foreign: Tenant
  /** An account that nothing mentions. */
  account: string
  staged: Data
  installed: Data
  base: Data
  gov: Data
  configurable: Record<StagedKind, Data>
  foreignComponent: Data
}

type Refusal = [typename: string, code: string, path: string]
type Case = [title: string, call: (scene: Scene) => Promise<Data>, refusal: Refusal]

let app: TestApp
let scene: Scene
beforeAll(async () => {
  app = await startTestApp()
  const [own, foreign] = [await tenant(app), await tenant(app)]
  const shared = newAccount()
  const configurable = {} as Scene['configurable']
  for (const { kind } of stagedKinds) configurable[kind] = await own.bring(itemOf(kind, shared), 'CONFIGURE')
  scene = {
    own,
    foreign,
    account: newAccount(),
    staged: await own.bring(itemOf('INVENTORY'), 'STAGE'),
    installed: await own.bring(itemOf('INVENTORY'), 'INSTALLED'),
    base: (await own.calls.all({ kinds: ['BASE'], accountIds: [shared] }))[0],
    gov: await own.bring(itemOf('IAM_ASSESSMENT', newAccount(), 'AWS_US_GOV'), 'CONFIGURE'),
    configurable,
    foreignComponent: await foreign.bring(itemOf('INVENTORY'), 'CONFIGURE'),
  }
})
afterAll(() => app.close())

function expectRefusals(cases: Case[]): void {
  test.each(cases)('%s', async (_title, call, refusal) => {
    const before = [await rowsOf(app, scene.own.id), await rowsOf(app, scene.foreign.id)]
    const payload = await call(scene)
    expect(refusalOf(payload)).toEqual(refusal)
    expect(payload.errors[0].message).toMatch(/[.!]$/)
    expect([await rowsOf(app, scene.own.id), await rowsOf(app, scene.foreign.id)]).toEqual(before)
  })
}

const malformed = (...path: string[]): Refusal => ['ValidationError', 'VALUE_INCORRECT_FORMAT', path.join('.')]
const invalid = (...path: string[]): Refusal => ['ValidationError', 'INVALID_VALUE', path.join('.')]
const required = (...path: string[]): Refusal => ['ValidationError', 'REQUIRED_VALUE_MISSING', path.join('.')]
const outOfBounds = (...path: string[]): Refusal => ['ValidationError', 'VALUE_OUT_OF_BOUNDS', path.join('.')]
const notFound = (...path: string[]): Refusal => ['NotFoundError', 'NOT_FOUND', path.join('.')]
const stale: Refusal = ['ConflictError', 'CONFLICT', 'input.expectedVersion']
const notAllowed = (...path: string[]): Refusal => ['TransitionError', 'INVALID_TRANSITION', path.join('.')]

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
  expectRefusals([
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
    const bare = await app.organization()
    const before = await rowsOf(app, bare.id)
    const payload = await componentCalls(bare).stage({ kind: 'INVENTORY', itemId: scene.account })
    expect(refusalOf(payload)).toEqual(['PreconditionError', 'PRECONDITION_FAILED', 'input.organizationId'])
    expect(payload.errors[0].remediation).toContain('installAwsIntegration')
    expect(await rowsOf(app, bare.id)).toEqual(before)
  })
})

describe('verifyComponent, removeComponent and cancelOperation refuse, and nothing changes:', () => {
  expectRefusals([
    ['verification of an unknown component', ({ own }) => own.calls.verify(newId('cmp')), notFound('input.id')],
    ["verification of somebody else's", ({ own, foreignComponent }) => own.calls.verify(foreignComponent.id), notFound('input.id')],
    ['verification of what is no id', ({ own }) => own.calls.verify('cmp_nonsense'), notFound('input.id')],
    ['verification of the id of something else', ({ own }) => own.calls.verify(own.id), notFound('input.id')],
    ['verification of BASE', ({ own, base }) => own.calls.verify(base.id), notAllowed('input.id')],
    ['verification of an older version', ({ own, configurable }) => own.calls.verify(configurable.INVENTORY.id, 1), stale],
    ['verification of a later version', ({ own, staged }) => own.calls.verify(staged.id, 2), stale],
    ['removal of BASE', ({ own, base }) => own.calls.remove(base.id), notAllowed('input.id')],
    ['removal of an older version', ({ own, installed }) => own.calls.remove(installed.id, 2), stale],
    ['cancelling an unknown operation', ({ own }) => own.calls.cancel(newId('op')), notFound('input.id')],
  ])

  test('removing what is not there, or of somebody else, is no error and removes nothing', async () => {
    const before = [await rowsOf(app, scene.own.id), await rowsOf(app, scene.foreign.id)]
    for (const id of [newId('cmp'), scene.foreignComponent.id, 'nonsense']) {
      expect(await scene.own.calls.remove(id)).toEqual({ deletedIds: [], alreadyAbsent: true, organization: null, errors: [] })
    }
    expect([await rowsOf(app, scene.own.id), await rowsOf(app, scene.foreign.id)]).toEqual(before)
  })
})

const members = {
  IAM_ASSESSMENT: 'iamAssessment',
  IAM_WRITE: 'iamWrite',
  FUNCTION_CALLER: 'functionCaller',
  ACCESS_LOGS: 'accessLogs',
  INVENTORY: 'inventory',
}
const wrongMembers = stagedKinds.flatMap(({ kind }) =>
  Object.values(members)
    .filter((member) => member !== members[kind])
    .map(
      (member): Case => [
        `${member} for ${kind}`,
        ({ own, configurable }) => own.calls.configure(configurable[kind].id, { [member]: {} }),
        invalid('input.config', member),
      ],
    ),
)

const login = (value: object) => ({ iamWrite: { login: value } })
const badLogins: [title: string, login: object | null, refusal: Refusal][] = [
  ['null', null, required('input.config.iamWrite.login')],
  ['a tag name with EMAIL', { iam: { identity: 'EMAIL', tagName: 'mail' } }, invalid('input.config.iamWrite.login.iam.tagName')],
  ['no tag name with TAG', { iam: { identity: 'TAG' } }, required('input.config.iamWrite.login.iam.tagName')],
  ['null for a tag name with TAG', { iam: { identity: 'TAG', tagName: null } }, required('input.config.iamWrite.login.iam.tagName')],
  ['an empty tag name', { iam: { identity: 'TAG', tagName: '' } }, malformed('input.config.iamWrite.login.iam.tagName')],
  ['a tag name of AWS', { iam: { identity: 'TAG', tagName: 'aws:mail' } }, malformed('input.config.iamWrite.login.iam.tagName')],
  [
    'a tag name of AWS in capitals',
    { iam: { identity: 'TAG', tagName: 'AWS:mail' } },
    malformed('input.config.iamWrite.login.iam.tagName'),
  ],
  [
    'a tag name of 129 characters',
    { iam: { identity: 'TAG', tagName: 'a'.repeat(129) } },
    malformed('input.config.iamWrite.login.iam.tagName'),
  ],
  ['a line break in the tag name', { iam: { identity: 'TAG', tagName: 'a\nb' } }, malformed('input.config.iamWrite.login.iam.tagName')],
  [
    'a parent of 11 digits',
    { identityCenter: { parentAccountId: '12345678901', identity: 'USER' } },
    malformed('input.config.iamWrite.login.identityCenter.parentAccountId'),
  ],
  [
    'a parent in full-width digits',
    { identityCenter: { parentAccountId: '１２３４５６７８９０１２', identity: 'USER' } },
    malformed('input.config.iamWrite.login.identityCenter.parentAccountId'),
  ],
  [
    'an app id of another form',
    { federated: { okta: { appId: '1oa', identityProvider: 'okta' } } },
    malformed('input.config.iamWrite.login.federated.okta.appId'),
  ],
  [
    'an app id that ends early',
    { federated: { okta: { appId: '0o', identityProvider: 'okta' } } },
    malformed('input.config.iamWrite.login.federated.okta.appId'),
  ],
  [
    'an app id with a line break after it',
    { federated: { okta: { appId: '0oa1\n', identityProvider: 'okta' } } },
    malformed('input.config.iamWrite.login.federated.okta.appId'),
  ],
  [
    'an identity provider that would leave its ARN',
    { federated: { okta: { appId: '0oa1', identityProvider: 'a/b' } } },
    malformed('input.config.iamWrite.login.federated.okta.identityProvider'),
  ],
  [
    'an empty identity provider',
    { federated: { okta: { appId: '0oa1', identityProvider: '' } } },
    malformed('input.config.iamWrite.login.federated.okta.identityProvider'),
  ],
  [
    'a multi-account parent of 13 digits',
    { federated: { okta: { appId: '0oa1', identityProvider: 'okta', multiAccountParentId: '1234567890123' } } },
    malformed('input.config.iamWrite.login.federated.okta.multiAccountParentId'),
  ],
]

const analyzer = (account: string) => `arn:aws:access-analyzer:eu-west-1:${account}:analyzer/main`
const store = (account: string) => `arn:aws:cloudtrail:eu-west-1:${account}:eventdatastore/0f9a0000-1111-2222-3333-444455556666`
type Change = [title: string, change: (arn: string) => string]
const badArns: Change[] = [
  ['of another account', (arn) => arn.replace(/:\d{12}:/, ':999999999999:')],
  ['of another partition', (arn) => arn.replace('arn:aws:', 'arn:aws-us-gov:').replace('eu-west-1', 'us-gov-west-1')],
  ['of China', (arn) => arn.replace('arn:aws:', 'arn:aws-cn:').replace('eu-west-1', 'cn-north-1')],
  ['in a GovCloud region', (arn) => arn.replace('eu-west-1', 'us-gov-west-1')],
  ['in a region that is a host name', (arn) => arn.replace('eu-west-1', 'evil.example.com#')],
  ['without a region', (arn) => arn.replace('eu-west-1', '')],
  ['of another service', (arn) => arn.replace(/access-analyzer|cloudtrail/, 'iam')],
  ['of another resource type', (arn) => arn.replace(/analyzer\/|eventdatastore\//, 'trail/')],
  ['without a name', (arn) => arn.replace(/\/.*/, '/')],
  ['with a path', (arn) => `${arn}/more`],
  ['with another part', (arn) => `${arn}:more`],
  ['that is none', () => 'analyzer/main'],
  ['that is empty', () => ''],
]

describe('configureComponent refuses, and nothing changes:', () => {
  expectRefusals([
    ...wrongMembers,
    ...badLogins.map(
      ([title, value, refusal]): Case => [
        `a login with ${title}`,
        ({ own, configurable }) => own.calls.configure(configurable.IAM_WRITE.id, login(value as object)),
        refusal,
      ],
    ),
    [
      'no login the first time',
      ({ own, configurable }) => own.calls.configure(configurable.IAM_WRITE.id, { iamWrite: {} }),
      required('input.config.iamWrite.login'),
    ],
    ...badArns.map(
      ([title, change]): Case => [
        `an analyzer ${title}`,
        ({
          own,
          configurable: {
            IAM_ASSESSMENT: { id, itemId },
          },
        }) => own.calls.configure(id, { iamAssessment: { accessAnalyzerArn: change(analyzer(itemId)) } }),
        malformed('input.config.iamAssessment.accessAnalyzerArn'),
      ],
    ),
    ...badArns.map(
      ([title, change]): Case => [
        `an event data store ${title}`,
        ({
          own,
          configurable: {
            ACCESS_LOGS: { id, itemId },
          },
        }) => own.calls.configure(id, { accessLogs: { cloudLakeArn: change(store(itemId)) } }),
        malformed('input.config.accessLogs.cloudLakeArn'),
      ],
    ),
    [
      'a commercial analyzer for a GovCloud account',
      ({ own, gov }) => own.calls.configure(gov.id, { iamAssessment: { accessAnalyzerArn: analyzer(gov.itemId) } }),
      malformed('input.config.iamAssessment.accessAnalyzerArn'),
    ],
    [
      'an event data store without IAM_ASSESSMENT',
      ({
        own,
        configurable: {
          ACCESS_LOGS: { id, itemId },
        },
      }) => own.calls.configure(id, { accessLogs: { cloudLakeArn: store(itemId) } }),
      ['PreconditionError', 'PRECONDITION_FAILED', 'input.config'],
    ],
    [
      'confirm: false for INVENTORY',
      ({ own, configurable }) => own.calls.configure(configurable.INVENTORY.id, { inventory: { confirm: false } }),
      invalid('input.config.inventory.confirm'),
    ],
    [
      'confirm: false for FUNCTION_CALLER',
      ({ own, configurable }) => own.calls.configure(configurable.FUNCTION_CALLER.id, { functionCaller: { confirm: false } }),
      invalid('input.config.functionCaller.confirm'),
    ],
    ['what is staged', ({ own, staged }) => own.calls.configure(staged.id, { inventory: {} }), notAllowed('input.id')],
    ['BASE', ({ own, base }) => own.calls.configure(base.id, { inventory: {} }), notAllowed('input.id')],
    ['an older version', ({ own, installed }) => own.calls.configure(installed.id, { inventory: {} }, 2), stale],
    ['an unknown component', ({ own }) => own.calls.configure(newId('cmp'), { inventory: {} }), notFound('input.id')],
    ["somebody else's", ({ own, foreignComponent }) => own.calls.configure(foreignComponent.id, { inventory: {} }), notFound('input.id')],
  ])

  test('an event data store without IAM_ASSESSMENT, and says which account needs it', async () => {
    const { id, itemId } = scene.configurable.ACCESS_LOGS
    const payload = await scene.own.calls.configure(id, { accessLogs: { cloudLakeArn: store(itemId) } })
    expect(payload.errors[0].remediation).toContain(itemId)
    expect(payload.errors[0].remediation).toContain('IAM_ASSESSMENT')
  })
})

const many = (count: number) => Array.from({ length: count }, (_, index) => String(300_000_000_000 + index))

describe('the bulk mutations refuse as a whole, and nothing changes:', () => {
  expectRefusals([
    ['no item to stage', ({ own }) => own.calls.stageAll({ kind: 'INVENTORY', itemIds: [] }), outOfBounds('input.itemIds')],
    ['501 items to stage', ({ own }) => own.calls.stageAll({ kind: 'INVENTORY', itemIds: many(501) }), outOfBounds('input.itemIds')],
    ['no component to verify', ({ own }) => own.calls.verifyAll([]), outOfBounds('input.ids')],
    ['501 components to verify', ({ own }) => own.calls.verifyAll(many(501)), outOfBounds('input.ids')],
    ['no component to configure', ({ own }) => own.calls.configureAll([], { inventory: {} }), outOfBounds('input.ids')],
    ['101 components to configure', ({ own }) => own.calls.configureAll(many(101), { inventory: {} }), outOfBounds('input.ids')],
    ['no component to remove', ({ own }) => own.calls.removeAll([]), outOfBounds('input.ids')],
    ['501 components to remove', ({ own }) => own.calls.removeAll(many(501)), outOfBounds('input.ids')],
    [
      "somebody else's organization to stage in",
      ({ own, foreign }) => componentCalls({ ...own, id: foreign.id }).stageAll({ kind: 'INVENTORY', itemIds: many(2) }),
      notFound('input.organizationId'),
    ],
    [
      "somebody else's organization to verify in",
      ({ own, foreign, foreignComponent }) => componentCalls({ ...own, id: foreign.id }).verifyAll([foreignComponent.id]),
      notFound('input.organizationId'),
    ],
    [
      "somebody else's organization to configure in",
      ({ own, foreign, foreignComponent }) =>
        componentCalls({ ...own, id: foreign.id }).configureAll([foreignComponent.id], { inventory: {} }),
      notFound('input.organizationId'),
    ],
    [
      "somebody else's organization to remove in",
      ({ own, foreign, foreignComponent }) => componentCalls({ ...own, id: foreign.id }).removeAll([foreignComponent.id]),
      notFound('input.organizationId'),
    ],
  ])
})

const unions: [title: string, config: unknown][] = [
  ['two members', { iamAssessment: {}, inventory: {} }],
  ['no member', {}],
  ['a member that is null', { inventory: null }],
  ['a member and another that is null', { inventory: {}, iamWrite: null }],
  ['a member there is not', { base: {} }],
  ['two logins', login({ iam: { identity: 'EMAIL' }, federated: { okta: { appId: '0oa1', identityProvider: 'okta' } } })],
  ['no login', login({})],
  ['no provider of a federated login', login({ federated: {} })],
  ['an identity there is not', login({ iam: { identity: 'NAME' } })],
  ['null for a flag', { inventory: { confirm: null } }],
  ['a number for an ARN', { iamAssessment: { accessAnalyzerArn: 1 } }],
  ['null', null],
]

describe('a configuration that the schema does not admit is BAD_USER_INPUT, and nothing changes:', () => {
  test.each(unions)('%s', async (_title, config) => {
    const before = await rowsOf(app, scene.own.id)
    const query =
      'mutation ($id: ID!, $config: ComponentConfigInput!) { configureComponent(input: { id: $id, config: $config }) { errors { code } } }'
    const { data, errors } = await app.send(scene.own.key, query, { id: scene.configurable.INVENTORY.id, config })
    expect(data ?? null).toBeNull()
    expect(new Set(errors?.map(({ extensions }) => extensions.code))).toEqual(new Set(['BAD_USER_INPUT']))
    expect(await rowsOf(app, scene.own.id)).toEqual(before)
  })
})

test('the leading zeros of an account id are kept', async () => {
  const { calls } = await tenant(app)
  const { component } = await calls.stage({ kind: 'INVENTORY', itemId: '000000000012' })
  expect(component).toMatchObject({ itemId: '000000000012', label: '000000000012', awsAccount: { accountId: '000000000012' } })
  const read = await calls.all({ accountIds: ['000000000012'] })
  expect(read.map(({ itemId }) => itemId)).toEqual(['000000000012', '000000000012'])
})
