import { describe, expect, test } from 'vitest'
import { newId } from '../../src/platform/typeid.ts'
import { stagedKinds } from '../support/component-story.ts'
import { rowsOf } from '../support/rows.ts'
import {
  type Case,
  expectRefusals,
  invalid,
  malformed,
  notAllowed,
  notFound,
  type Refusal,
  required,
  stale,
  useScene,
} from './refusal-scene.ts'

const scene = useScene()

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
  expectRefusals(scene, [
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
    const { id, itemId } = scene().configurable.ACCESS_LOGS
    const payload = await scene().own.calls.configure(id, { accessLogs: { cloudLakeArn: store(itemId) } })
    expect(payload.errors[0].remediation).toContain(itemId)
    expect(payload.errors[0].remediation).toContain('IAM_ASSESSMENT')
  })
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
    const before = await rowsOf(scene().app, scene().own.id)
    const query =
      'mutation ($id: ID!, $config: ComponentConfigInput!) { configureComponent(input: { id: $id, config: $config }) { errors { code } } }'
    const { data, errors } = await scene().app.send(scene().own.key, query, { id: scene().configurable.INVENTORY.id, config })
    expect(data ?? null).toBeNull()
    expect(new Set(errors?.map(({ extensions }) => extensions.code))).toEqual(new Set(['BAD_USER_INPUT']))
    expect(await rowsOf(scene().app, scene().own.id)).toEqual(before)
  })
})
