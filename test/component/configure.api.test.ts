import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { putIdentityCenterInstance } from '../../emulator/services/identity-center.ts'
import { type Data, startTestApp, type TestApp } from '../support/app.ts'
import { awsAccountOf, breakSetup, newAccount, putAnalyzer, putEventDataStore, putSamlProvider } from '../support/aws-setup.ts'
import { accepted, functionArn, itemOf, refusalOf, type Tenant, tenant } from '../support/component-story.ts'

let app: TestApp
let own: Tenant
beforeAll(async () => {
  app = await startTestApp()
  own = await tenant(app)
})
afterAll(() => app.close())

const login = (value: object) => ({ iamWrite: { login: value } })
const failedCodes = ({ verification }: Data): string[] =>
  verification.checks.filter(({ status }: Data) => status === 'FAILED').map(({ code }: Data) => code)

describe('the fields of a configuration', () => {
  test('that are absent keep their value, that are null are cleared, and each time the version counts', async () => {
    const { id, itemId } = await own.bring(itemOf('IAM_ASSESSMENT'), 'CONFIGURE')
    const accessAnalyzerArn = `arn:aws:access-analyzer:eu-west-1:${itemId}:analyzer/main`
    putAnalyzer(app.aws, accessAnalyzerArn)
    const configure = async (iamAssessment: object) => accepted(await own.calls.configure(id, { iamAssessment })).component
    expect(await configure({ accessAnalyzerArn })).toMatchObject({ accessAnalyzerArn, version: 3 })
    expect(await configure({})).toMatchObject({ accessAnalyzerArn, version: 4 })
    expect(await configure({ accessAnalyzerArn: null })).toMatchObject({ accessAnalyzerArn: null, version: 5 })
    expect(await configure({})).toMatchObject({ accessAnalyzerArn: null, version: 6, state: 'INSTALLED' })
  })

  test('stay as they are, as does the state, when AWS does not bear out what was given', async () => {
    const { id, itemId } = await own.bring(itemOf('IAM_ASSESSMENT'), 'CONFIGURE')
    const [good, bad] = ['main', 'off'].map((name) => `arn:aws:access-analyzer:eu-west-1:${itemId}:analyzer/${name}`) as [string, string]
    putAnalyzer(app.aws, good)
    putAnalyzer(app.aws, bad, 'DISABLED')
    const first = await own.calls.configure(id, { iamAssessment: { accessAnalyzerArn: bad } })
    expect(refusalOf(first)).toEqual(['VerificationError', 'VERIFICATION_FAILED', 'input.id'])
    expect(failedCodes(first)).toEqual(['ACCESS_ANALYZER_ACTIVE'])
    expect(first.component).toMatchObject({ state: 'CONFIGURE', version: 2, accessAnalyzerArn: null })
    const { component: installed } = accepted(await own.calls.configure(id, { iamAssessment: { accessAnalyzerArn: good } }))
    const second = await own.calls.configure(id, { iamAssessment: { accessAnalyzerArn: `${good}-gone` } })
    expect(failedCodes(second)).toEqual(['ACCESS_ANALYZER_ACTIVE'])
    expect(await own.calls.read(id)).toEqual({ ...installed, lastVerification: { id: second.verification.id, outcome: 'FAILED' } })
  })

  test('stored for one version are refused for another', async () => {
    const installed = await own.bring(itemOf('INVENTORY'), 'INSTALLED')
    const stale = await own.calls.configure(installed.id, { inventory: {} }, 2)
    expect(stale.errors).toMatchObject([{ __typename: 'ConflictError', currentVersion: 3 }])
    expect(await own.calls.read(installed.id)).toEqual(installed)
    expect(accepted(await own.calls.configure(installed.id, { inventory: {} }, 3)).component.version).toBe(4)
  })
})

describe('the login of IAM_WRITE', () => {
  const logins: [title: string, input: object, stored: object][] = [
    ['by e-mail', { iam: { identity: 'EMAIL' } }, { __typename: 'IamUserLogin', identity: 'EMAIL', tagName: null }],
    [
      'by e-mail with null for the tag',
      { iam: { identity: 'EMAIL', tagName: null } },
      { __typename: 'IamUserLogin', identity: 'EMAIL', tagName: null },
    ],
    [
      'by a tag',
      { iam: { identity: 'TAG', tagName: 'Work e-mail: ü' } },
      { __typename: 'IamUserLogin', identity: 'TAG', tagName: 'Work e-mail: ü' },
    ],
    [
      'by Okta in a single account',
      { federated: { okta: { appId: '0oa1b_2', identityProvider: 'okta.main' } } },
      { __typename: 'FederatedLogin', provider: { appId: '0oa1b_2', identityProvider: 'okta.main', multiAccountParentId: null } },
    ],
    [
      'by Okta with a parent',
      { federated: { okta: { appId: '0oa1', identityProvider: 'okta.main', multiAccountParentId: '000000000012' } } },
      { __typename: 'FederatedLogin', provider: { appId: '0oa1', identityProvider: 'okta.main', multiAccountParentId: '000000000012' } },
    ],
  ]

  test.each(logins)('%s is stored, shown to mutation and query alike, and kept when absent', async (_title, input, stored) => {
    const { id, ...component } = await own.bring(itemOf('IAM_WRITE'), 'CONFIGURE')
    putSamlProvider(app.aws, component, 'okta.main')
    expect(accepted(await own.calls.configure(id, login(input))).component).toMatchObject({ state: 'INSTALLED', login: stored })
    expect((await own.calls.read(id)).login).toEqual(stored)
    expect(accepted(await own.calls.configure(id, { iamWrite: {} })).component.login).toEqual(stored)
    const cleared = await own.calls.configure(id, login(null as unknown as object))
    expect(refusalOf(cleared)).toEqual(['ValidationError', 'REQUIRED_VALUE_MISSING', 'input.config.iamWrite.login'])
    expect((await own.calls.read(id)).login).toEqual(stored)
  })

  test('another one replaces it', async () => {
    const { id } = await own.bring(itemOf('IAM_WRITE'), 'INSTALLED')
    const { component } = accepted(await own.calls.configure(id, login({ iam: { identity: 'TAG', tagName: 'mail' } })))
    expect(component.login).toEqual({ __typename: 'IamUserLogin', identity: 'TAG', tagName: 'mail' })
  })

  test('by Okta needs the SAML provider in the account', async () => {
    const { id } = await own.bring(itemOf('IAM_WRITE'), 'CONFIGURE')
    const failed = await own.calls.configure(id, login({ federated: { okta: { appId: '0oa1', identityProvider: 'nowhere' } } }))
    expect(failedCodes(failed)).toEqual(['SAML_PROVIDER_EXISTS'])
    expect(failed.component).toMatchObject({ state: 'CONFIGURE', login: null })
  })

  test('by Identity Center of the same account stores the instance that was found', async () => {
    const component = await own.bring(itemOf('IAM_WRITE'), 'CONFIGURE')
    const { id, itemId } = component
    const failed = await own.calls.configure(id, login({ identityCenter: { parentAccountId: itemId, identity: 'USER' } }))
    expect(failedCodes(failed)).toEqual(['IDENTITY_CENTER_INSTANCE'])
    const instance = putIdentityCenterInstance(awsAccountOf(app.aws, component), 'eu-west-1', app.aws.state.now())
    const found = { identityCenterArn: instance.arn, identityStoreId: instance.identityStoreId, region: 'eu-west-1' }
    const configured = accepted(await own.calls.configure(id, login({ identityCenter: { parentAccountId: itemId, identity: 'USER' } })))
    const stored = { __typename: 'IdentityCenterLogin', parentAccountId: itemId, centerIdentity: 'USER', ...found }
    expect(configured.component.login).toEqual(stored)
    const changed = accepted(await own.calls.configure(id, login({ identityCenter: { parentAccountId: itemId, identity: 'EMAIL' } })))
    expect(changed.component.login).toEqual({ ...stored, centerIdentity: 'EMAIL' })
  })

  test("by Identity Center of another account goes through that one's IAM_WRITE, which has to be installed", async () => {
    const parentAccountId = newAccount()
    const child = await own.bring(itemOf('IAM_WRITE'), 'CONFIGURE')
    const config = login({ identityCenter: { parentAccountId, identity: 'EMAIL' } })
    expect(failedCodes(await own.calls.configure(child.id, config))).toEqual(['PARENT_INSTALLED'])
    const parent = await own.bring(itemOf('IAM_WRITE', parentAccountId), 'CONFIGURE')
    expect(failedCodes(await own.calls.configure(child.id, config))).toEqual(['PARENT_INSTALLED'])
    accepted(await own.calls.configure(parent.id, login({ iam: { identity: 'EMAIL' } })))
    putIdentityCenterInstance(awsAccountOf(app.aws, parent), 'us-east-1', app.aws.state.now())
    const { component } = accepted(await own.calls.configure(child.id, config))
    expect(component).toMatchObject({ state: 'INSTALLED', login: { parentAccountId, region: 'us-east-1' } })
  })
})

test('an event data store is read through the IAM_ASSESSMENT of its account, once that is installed', async () => {
  const { id, itemId } = await own.bring(itemOf('ACCESS_LOGS'), 'CONFIGURE')
  const cloudLakeArn = `arn:aws:cloudtrail:us-east-2:${itemId}:eventdatastore/0f9a0000-1111-2222-3333-444455556666`
  const configure = () => own.calls.configure(id, { accessLogs: { cloudLakeArn } })
  const assessment = await own.bring(itemOf('IAM_ASSESSMENT', itemId), 'CONFIGURE')
  expect(refusalOf(await configure())).toEqual(['PreconditionError', 'PRECONDITION_FAILED', 'input.config'])
  accepted(await own.calls.configure(assessment.id, { iamAssessment: {} }))
  expect(failedCodes(await configure())).toEqual(['CLOUDTRAIL_LAKE_ENABLED'])
  putEventDataStore(app.aws, cloudLakeArn)
  expect(accepted(await configure()).component).toMatchObject({ state: 'INSTALLED', cloudLakeArn })
  breakSetup(app.aws, assessment)
  expect(failedCodes(await own.calls.verify(id))).toEqual(['CLOUDTRAIL_LAKE_ENABLED'])
  accepted(await own.calls.remove(assessment.id))
  const refused = await own.calls.verify(id)
  expect(refusalOf(refused)).toEqual(['PreconditionError', 'PRECONDITION_FAILED', 'input.id'])
  expect(refused.errors[0].remediation).toContain(itemId)
  expect(accepted(await own.calls.configure(id, { accessLogs: { cloudLakeArn: null } })).component).toMatchObject({ cloudLakeArn: null })
})

test.each(['', ':live', ':$LATEST', ':7'])(
  'a function with the qualifier "%s" shows its name and region, and is what AWS is asked for',
  async (qualifier) => {
    const itemId = `${functionArn(newAccount())}${qualifier}`
    const { component } = accepted(await own.calls.stage({ kind: 'FUNCTION_CALLER', itemId }))
    expect(component).toMatchObject({ itemId, label: itemId, functionName: 'approve', region: 'eu-west-1' })
    const allowed = JSON.parse(component.setup.inlinePolicy).Statement.filter(({ Action }: Data) => Action === 'lambda:InvokeFunction')
    expect(allowed.map(({ Resource }: Data) => Resource)).toEqual([itemId])
  },
)
