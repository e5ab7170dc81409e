import { GetAnalyzerCommand, ListAnalyzersCommand } from '@aws-sdk/client-accessanalyzer'
import { ListEventDataStoresCommand } from '@aws-sdk/client-cloudtrail'
import {
  DeleteRoleCommand,
  GetOpenIDConnectProviderCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAccountAliasesCommand,
  ListRolesCommand,
  TagRoleCommand,
} from '@aws-sdk/client-iam'
import { InvokeCommand, ListFunctionsCommand } from '@aws-sdk/client-lambda'
import { ListIndexesCommand } from '@aws-sdk/client-resource-explorer-2'
import { ListInstancesCommand } from '@aws-sdk/client-sso-admin'
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AwsEmulator, createAwsEmulator } from '../../emulator/emulator.ts'
import { iamOf, writableInlinePolicies } from '../../emulator/iam/iam.state.ts'
import { putRole } from '../../emulator/iam/role.ts'
import { administratorOf, clientsOf, refusalOf, sessionOf } from './clients.ts'
import { allow, deny, policy } from './documents.ts'

const accountId = '123456789012'
const otherAccountId = '210987654321'
const arn = (resource: string, account = accountId) => `arn:aws:iam::${account}:${resource}`
const trusting = (...principals: string[]) => policy({ Effect: 'Allow', Principal: { AWS: principals }, Action: 'sts:AssumeRole' })

let emulator: AwsEmulator
let url: string
let nowMs: number

beforeEach(async () => {
  nowMs = Date.now()
  emulator = createAwsEmulator({ now: () => nowMs })
  url = await emulator.listen()
})
afterEach(() => emulator.close())

function seed(inlinePolicies: Record<string, string>, { name = 'Reader', trust = trusting(arn('root')), account = accountId } = {}) {
  return putRole(emulator.state.account(account), nowMs, { name, trustPolicy: trust, inlinePolicies, tags: new Map([['team', 'one']]) })
}

async function assume({
  role = arn('role/Reader'),
  by = clientsOf(url, { credentials: administratorOf(accountId) }).sts,
  sessionPolicy = '',
} = {}) {
  const input = { RoleArn: role, RoleSessionName: 'session', Policy: sessionPolicy || undefined, DurationSeconds: 900 }
  const { Credentials } = await by.send(new AssumeRoleCommand(input))
  return clientsOf(url, { credentials: sessionOf(Credentials) })
}

const readRole = new GetRoleCommand({ RoleName: 'Reader' })

describe("a role's session may do what its policies allow", () => {
  test('and is told what it may not, in the words of AWS', async () => {
    seed({ P: policy(allow('iam:GetRole', arn('role/Reader'))) })
    const { iam } = await assume()
    await expect(iam.send(readRole)).resolves.toMatchObject({ Role: { RoleName: 'Reader' } })
    const me = `arn:aws:sts::${accountId}:assumed-role/Reader/session`
    expect(await refusalOf(iam.send(new GetRoleCommand({ RoleName: 'Other' })))).toEqual({
      name: 'AccessDenied',
      status: 403,
      message: `User: ${me} is not authorized to perform: iam:GetRole on resource: role Other because no identity-based policy allows the iam:GetRole action`,
    })
    expect((await refusalOf(iam.send(new ListAccountAliasesCommand({})))).message).toBe(
      `User: ${me} is not authorized to perform: iam:ListAccountAliases on resource: * because no identity-based policy allows the iam:ListAccountAliases action`,
    )
  })

  test('an explicit deny wins and is named', async () => {
    seed({ A: policy(allow('*')), D: policy(deny('iam:DeleteRole', arn('role/R*'))) })
    const { iam } = await assume()
    expect((await refusalOf(iam.send(new DeleteRoleCommand({ RoleName: 'Reader' })))).message).toMatch(
      /with an explicit deny in an identity-based policy$/,
    )
  })

  test('as they are now: a policy that is changed counts at once', async () => {
    seed({ P: policy(allow('iam:ListRoles')) })
    const { iam } = await assume()
    expect(await refusalOf(iam.send(readRole))).toMatchObject({ name: 'AccessDenied' })
    const account = emulator.state.account(accountId)
    const document = policy(allow('iam:GetRole'))
    writableInlinePolicies(account, iamOf(account).roles.latest('Reader')!).put('P', { name: 'P', document }, nowMs)
    await expect(iam.send(readRole)).resolves.toBeDefined()
  })

  test('under conditions on account, resource tag and request tag', async () => {
    const conditions = { StringEquals: { 'aws:ResourceAccount': accountId, 'aws:ResourceTag/team': 'one', 'aws:RequestTag/level': 'low' } }
    seed({ P: policy(allow('iam:TagRole', '*', conditions)) })
    const { iam } = await assume()
    const tag = (Value: string) => iam.send(new TagRoleCommand({ RoleName: 'Reader', Tags: [{ Key: 'level', Value }] }))
    await expect(tag('low')).resolves.toBeDefined()
    expect(await refusalOf(tag('high'))).toMatchObject({ name: 'AccessDenied' })
  })

  test('a session policy narrows it and never widens it', async () => {
    seed({ P: policy(allow('iam:GetRole')) })
    const sessionPolicy = policy(allow(['iam:ListRoles', 'iam:GetRolePolicy']))
    const { iam } = await assume({ sessionPolicy })
    expect((await refusalOf(iam.send(readRole))).message).toMatch(/because no session policy allows the iam:GetRole action$/)
    expect((await refusalOf(iam.send(new ListRolesCommand({})))).message).toMatch(/because no identity-based policy allows/)
  })

  test('a session policy that denies everything leaves only the question who one is', async () => {
    seed({ P: policy(allow('*')) })
    const { iam, sts } = await assume({ sessionPolicy: policy(deny('*')) })
    expect((await refusalOf(iam.send(readRole))).message).toMatch(/with an explicit deny in a session policy$/)
    await expect(sts.send(new GetCallerIdentityCommand({}))).resolves.toMatchObject({ Account: accountId })
  })
})

describe('what is asked about', () => {
  const account = { StringEquals: { 'aws:ResourceAccount': accountId } }
  type Clients = ReturnType<typeof clientsOf>
  const functionArn = `arn:aws:lambda:us-east-1:${accountId}:function:greet`

  test.each<[string, (clients: Clients) => Promise<unknown>, string, boolean]>([
    ['GetRole names the role', ({ iam }) => iam.send(readRole), policy(allow('iam:GetRole', arn('role/Reader'), account)), true],
    [
      'ListRoles names all roles',
      ({ iam }) => iam.send(new ListRolesCommand({})),
      policy(allow('iam:ListRoles', arn('role/*'), account)),
      true,
    ],
    [
      'ListAccountAliases knows the account',
      ({ iam }) => iam.send(new ListAccountAliasesCommand({})),
      policy(allow('iam:ListAccountAliases', '*', account)),
      true,
    ],
    [
      'ListIndexes knows the account',
      ({ resourceExplorer }) => resourceExplorer.send(new ListIndexesCommand({})),
      policy(allow('resource-explorer-2:ListIndexes', '*', account)),
      true,
    ],
    [
      'ListInstances knows the account',
      ({ identityCenter }) => identityCenter.send(new ListInstancesCommand({})),
      policy(allow('sso:ListInstances', '*', account)),
      true,
    ],
    [
      'ListFunctions is about nothing',
      ({ lambda }) => lambda.send(new ListFunctionsCommand({})),
      policy(allow('lambda:ListFunctions')),
      true,
    ],
    [
      'ListFunctions has no resource account',
      ({ lambda }) => lambda.send(new ListFunctionsCommand({})),
      policy(allow('lambda:ListFunctions', '*', account)),
      false,
    ],
    [
      'ListEventDataStores has no resource account',
      ({ cloudTrail }) => cloudTrail.send(new ListEventDataStoresCommand({})),
      policy(allow('cloudtrail:ListEventDataStores', '*', account)),
      false,
    ],
    [
      'ListAnalyzers has no resource account',
      ({ accessAnalyzer }) => accessAnalyzer.send(new ListAnalyzersCommand({})),
      policy(allow('access-analyzer:ListAnalyzers', '*', account)),
      false,
    ],
    [
      'GetAnalyzer names the analyzer',
      ({ accessAnalyzer }) => accessAnalyzer.send(new GetAnalyzerCommand({ analyzerName: 'a' })),
      policy(allow('access-analyzer:GetAnalyzer', `arn:aws:access-analyzer:us-east-1:${accountId}:analyzer/b`)),
      false,
    ],
    [
      'Invoke names the function',
      ({ lambda }) => lambda.send(new InvokeCommand({ FunctionName: functionArn, InvocationType: 'DryRun' })),
      policy(allow('lambda:InvokeFunction', `${functionArn}2`)),
      false,
    ],
    [
      'Invoke is InvokeFunction',
      ({ lambda }) => lambda.send(new InvokeCommand({ FunctionName: functionArn, InvocationType: 'DryRun' })),
      policy(allow('lambda:Invoke', functionArn)),
      false,
    ],
    [
      'a qualifier belongs to the function',
      ({ lambda }) => lambda.send(new InvokeCommand({ FunctionName: functionArn, Qualifier: '1', InvocationType: 'DryRun' })),
      policy(allow('lambda:InvokeFunction', functionArn)),
      false,
    ],
  ])('%s', async (_title, call, document, isAllowed) => {
    seed({ P: document })
    const clients = await assume()
    if (isAllowed) await expect(call(clients)).resolves.toBeDefined()
    else expect((await refusalOf(call(clients))).name).toMatch(/^AccessDenied(Exception)?$/)
  })

  test("another account's things are refused even to an administrator", async () => {
    const { iam } = clientsOf(url, { credentials: administratorOf(accountId) })
    const foreign = iam.send(
      new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn('oidc-provider/a.example', otherAccountId) }),
    )
    expect(await refusalOf(foreign)).toMatchObject({ name: 'AccessDenied', status: 403 })
  })

  test('a refusal comes before the question whether the thing exists', async () => {
    seed({})
    const { iam } = await assume()
    const missing = new GetRolePolicyCommand({ RoleName: 'Nobody', PolicyName: 'P' })
    expect(await refusalOf(iam.send(missing))).toMatchObject({ name: 'AccessDenied' })
  })
})

describe('AssumeRole', () => {
  const otherRole = arn('role/Target', otherAccountId)
  const targetTrusting = (trust: string) => seed({}, { name: 'Target', account: otherAccountId, trust })

  test('into another account needs its trust and a permission', async () => {
    seed({ P: policy(allow('sts:AssumeRole', otherRole)) })
    const by = (await assume()).sts
    targetTrusting(trusting(arn('role/Somebody')))
    expect(await refusalOf(assume({ role: otherRole, by }))).toMatchObject({ name: 'AccessDenied' })
    targetTrusting(trusting(arn('role/Reader')))
    const { sts } = await assume({ role: otherRole, by })
    expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({ Account: otherAccountId })
    seed({ P: policy(allow('sts:AssumeRole', otherRole), deny('sts:AssumeRole')) })
    const denied = (await assume()).sts
    expect((await refusalOf(assume({ role: otherRole, by: denied }))).message).toMatch(/explicit deny/)
  })

  test('wants the external id that the trust policy names', async () => {
    const trust = policy({
      Effect: 'Allow',
      Principal: { AWS: accountId },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': 'xyz' } },
    })
    targetTrusting(trust)
    const { sts } = clientsOf(url, { credentials: administratorOf(accountId) })
    const input = { RoleArn: otherRole, RoleSessionName: 'session' }
    expect(await refusalOf(sts.send(new AssumeRoleCommand(input)))).toMatchObject({ name: 'AccessDenied' })
    await expect(sts.send(new AssumeRoleCommand({ ...input, ExternalId: 'xyz' }))).resolves.toBeDefined()
  })
})

describe('who is let in', () => {
  const whoAmI = (credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }, region?: string) =>
    clientsOf(url, { region, credentials }).sts.send(new GetCallerIdentityCommand({}))
  const unknown = { name: 'InvalidClientTokenId', status: 403, message: 'The security token included in the request is invalid.' }
  const secretAccessKey = 'x'

  test('an account is made by its first administrator', async () => {
    expect(await whoAmI(administratorOf('333333333333'))).toMatchObject({
      Account: '333333333333',
      Arn: 'arn:aws:iam::333333333333:user/administrator',
    })
    expect([...emulator.state.accounts.keys()]).toEqual(['333333333333'])
  })

  test('an account has several keys of this form', async () => {
    for (const end of ['', 'A', 'ABCD'])
      expect(await whoAmI({ accessKeyId: `AKIA333333333333${end}`, secretAccessKey })).toMatchObject({ Account: '333333333333' })
  })

  test.each(['AKIAIOSFODNN7EXAMPLE', 'AKIA12345678901', 'AKIA123456789012ABCDE', 'ASIAAAAAAAAAAAAAAAAA'])(
    'the key %s is unknown',
    async (accessKeyId) => {
      expect(await refusalOf(whoAmI({ accessKeyId, secretAccessKey }))).toEqual(unknown)
    },
  )

  test('a key that a test registers is its user, with its policy', async () => {
    const key = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey }
    emulator.state.putAccessKey(key.accessKeyId, { accountId, userName: 'sync', policy: policy(allow('iam:ListRoles')) })
    expect(await whoAmI(key)).toMatchObject({ Arn: `arn:aws:iam::${accountId}:user/sync` })
    const { iam } = clientsOf(url, { credentials: key })
    await expect(iam.send(new ListRolesCommand({}))).resolves.toBeDefined()
    expect((await refusalOf(iam.send(readRole))).message).toContain(`User: arn:aws:iam::${accountId}:user/sync is not authorized`)
    emulator.state.putAccessKey(key.accessKeyId, { accountId: otherAccountId, userName: 'sync' })
    expect(await whoAmI(key)).toMatchObject({ Account: otherAccountId })
  })

  test('a revoked key is unknown', async () => {
    emulator.state.revokeAccessKey(`AKIA${accountId}`)
    expect(await refusalOf(whoAmI(administratorOf(accountId)))).toEqual(unknown)
  })

  test('a key is unknown in the other partition', async () => {
    await whoAmI(administratorOf(accountId), 'eu-west-1')
    expect(await refusalOf(whoAmI(administratorOf(accountId), 'us-gov-west-1'))).toEqual(unknown)
    emulator.state.account('444444444444', { partition: 'aws-us-gov' })
    expect(await refusalOf(whoAmI(administratorOf('444444444444')))).toEqual(unknown)
    expect(await whoAmI(administratorOf('444444444444'), 'us-gov-east-1')).toMatchObject({
      Arn: 'arn:aws-us-gov:iam::444444444444:user/administrator',
    })
  })

  test("a session's credentials end with it, in the words of each protocol", async () => {
    seed({ P: policy(allow('*')) })
    const clients = await assume()
    nowMs += 899_000
    await expect(clients.iam.send(readRole)).resolves.toBeDefined()
    nowMs += 1000
    expect(await refusalOf(clients.iam.send(readRole))).toMatchObject({ name: 'ExpiredToken', status: 403 })
    expect(await refusalOf(clients.lambda.send(new ListFunctionsCommand({})))).toMatchObject({ name: 'ExpiredTokenException', status: 403 })
    expect(await refusalOf(clients.cloudTrail.send(new ListEventDataStoresCommand({})))).toMatchObject({
      name: 'ExpiredTokenException',
      status: 400,
    })
  })

  test("a user's key with a session token is unknown", async () => {
    expect(await refusalOf(whoAmI({ ...administratorOf(accountId), sessionToken: 'a session token' }))).toEqual(unknown)
  })

  test('a session with another token, or none, is unknown', async () => {
    seed({ P: policy(allow('*')) })
    const { sts } = await assume()
    const credentials = await sts.config.credentials()
    expect(await refusalOf(whoAmI({ ...credentials, sessionToken: 'another' }))).toEqual(unknown)
    expect(await refusalOf(whoAmI({ accessKeyId: credentials.accessKeyId, secretAccessKey }))).toEqual(unknown)
  })

  test('a session is worth nothing once its role was deleted or made anew', async () => {
    seed({ P: policy(allow('*')) })
    const { sts } = await assume()
    seed({ P: policy(allow('*')) })
    expect(await refusalOf(sts.send(new GetCallerIdentityCommand({})))).toEqual(unknown)
  })
})
