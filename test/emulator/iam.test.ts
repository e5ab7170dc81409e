import {
  AddClientIDToOpenIDConnectProviderCommand,
  CreateAccountAliasCommand,
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  CreateSAMLProviderCommand,
  DeleteAccountAliasCommand,
  DeleteOpenIDConnectProviderCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DeleteSAMLProviderCommand,
  GetOpenIDConnectProviderCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetSAMLProviderCommand,
  type IAMClient,
  ListAccountAliasesCommand,
  ListOpenIDConnectProvidersCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  ListSAMLProvidersCommand,
  PutRolePolicyCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  TagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AwsEmulator, createAwsEmulator } from '../../emulator/emulator.ts'
import { administratorOf, clientsOf, refusalOf } from './clients.ts'
import { allow, policy, servicePrincipal, trustPolicy } from './documents.ts'

const accountId = '123456789012'
const trust = servicePrincipal('lambda.amazonaws.com')
let emulator: AwsEmulator
let url: string
let iam: IAMClient

beforeEach(async () => {
  emulator = createAwsEmulator()
  url = await emulator.listen()
  iam = clientsOf(url, { credentials: administratorOf(accountId) }).iam
})
afterEach(() => emulator.close())

const createRole = (RoleName: string, more: object = {}) =>
  iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust, ...more }))
const putPolicy = (PolicyName: string, PolicyDocument: string) =>
  iam.send(new PutRolePolicyCommand({ RoleName: 'R', PolicyName, PolicyDocument }))

describe('roles', () => {
  test('are read as they were created, documents percent-encoded', async () => {
    const document = trustPolicy('arn:aws:iam::123456789012:oidc-provider/a.example/é', { StringEquals: { 'a.example:aud': "it's (1)!*" } })
    const input = { Path: '/team/', Description: 'á & <b>', MaxSessionDuration: 7200, Tags: [{ Key: 'Owner', Value: 'Ärger & Co' }] }
    const { Role: created } = await createRole('R', { ...input, AssumeRolePolicyDocument: document })
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: 'R' }))
    expect(Role).toEqual(created)
    expect(Role).toMatchObject({ ...input, RoleName: 'R', Arn: `arn:aws:iam::${accountId}:role/team/R` })
    expect(Role?.RoleId).toMatch(/^AROA[A-Z2-7]{17}$/)
    expect(Math.abs(Date.now() - (Role?.CreateDate?.getTime() ?? 0))).toBeLessThan(10_000)
    expect(Role?.AssumeRolePolicyDocument).not.toMatch(/[{}"'()!*: ]/)
    expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).toBe(document)
  })

  test('made anew under their old name have another id', async () => {
    const first = await createRole('R')
    await iam.send(new DeleteRoleCommand({ RoleName: 'R' }))
    expect((await createRole('R')).Role?.RoleId).not.toBe(first.Role?.RoleId)
  })

  test('keep what UpdateAssumeRolePolicy and TagRole wrote, and everything else', async () => {
    await createRole('R', { Description: 'kept', Tags: [{ Key: 'a', Value: '1' }] })
    const document = servicePrincipal('ec2.amazonaws.com')
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: 'R', PolicyDocument: document }))
    const Tags = [
      { Key: 'a', Value: '2' },
      { Key: 'b', Value: '' },
    ]
    await iam.send(new TagRoleCommand({ RoleName: 'R', Tags }))
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: 'R' }))
    expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).toBe(document)
    expect(Role).toMatchObject({ Description: 'kept', Tags })
  })

  test('of one account are invisible to another', async () => {
    await createRole('R')
    const other = clientsOf(url, { credentials: administratorOf('210987654321') }).iam
    expect(await refusalOf(other.send(new GetRoleCommand({ RoleName: 'R' })))).toMatchObject({ name: 'NoSuchEntityException' })
    expect((await other.send(new ListRolesCommand({}))).Roles).toEqual([])
  })

  test('in aws-us-gov carry that partition in their ARNs', async () => {
    const gov = clientsOf(url, { region: 'us-gov-west-1', credentials: administratorOf('999999999999') }).iam
    const { Role } = await gov.send(new CreateRoleCommand({ RoleName: 'R', AssumeRolePolicyDocument: trust }))
    expect(Role?.Arn).toBe('arn:aws-us-gov:iam::999999999999:role/R')
  })
})

describe('inline policies', () => {
  beforeEach(() => createRole('R'))

  test('are read as they were put, listed by name and deleted', async () => {
    const document = policy(allow('iam:GetRole', '*', { StringEquals: { 'aws:ResourceAccount': accountId } }))
    await putPolicy('B', document)
    await putPolicy('A', policy(allow('s3:*')))
    await putPolicy('A', document)
    const read = await iam.send(new GetRolePolicyCommand({ RoleName: 'R', PolicyName: 'A' }))
    expect(read).toMatchObject({ RoleName: 'R', PolicyName: 'A' })
    expect(decodeURIComponent(read.PolicyDocument ?? '')).toBe(document)
    expect((await iam.send(new ListRolePoliciesCommand({ RoleName: 'R' }))).PolicyNames).toEqual(['A', 'B'])
    await iam.send(new DeleteRolePolicyCommand({ RoleName: 'R', PolicyName: 'A' }))
    expect((await iam.send(new ListRolePoliciesCommand({ RoleName: 'R' }))).PolicyNames).toEqual(['B'])
  })

  test('keep their role from being deleted', async () => {
    await putPolicy('A', policy(allow('s3:*')))
    expect(await refusalOf(iam.send(new DeleteRoleCommand({ RoleName: 'R' })))).toMatchObject({
      name: 'DeleteConflictException',
      status: 409,
    })
  })

  test('fit 10,240 characters a role together, white space not counted', async () => {
    const ofSize = (characters: number) => {
      const rest = policy(allow('s3:*', ['arn:aws:s3:::'])).length
      return policy(allow('s3:*', [`arn:aws:s3:::${'x'.repeat(characters - rest)}`]))
    }
    await putPolicy('A', ofSize(5000))
    await putPolicy('B', JSON.stringify(JSON.parse(ofSize(5240)), null, 8))
    await putPolicy('B', ofSize(5240))
    expect(await refusalOf(putPolicy('B', ofSize(5241)))).toEqual({
      name: 'LimitExceededException',
      message: 'Maximum policy size of 10240 bytes exceeded for role R',
      status: 409,
    })
  })
})

describe('OIDC providers', () => {
  const providerArn = `arn:aws:iam::${accountId}:oidc-provider/gatehouse.example/tenant`
  const create = (more: object = {}) =>
    iam.send(new CreateOpenIDConnectProviderCommand({ Url: 'https://gatehouse.example/tenant', ClientIDList: ['one'], ...more }))
  const byArn = { OpenIDConnectProviderArn: providerArn }
  const clientIds = async () => (await iam.send(new GetOpenIDConnectProviderCommand(byArn))).ClientIDList

  test('are read as they were created, the URL without scheme', async () => {
    const ThumbprintList = ['a'.repeat(40)]
    const Tags = [{ Key: 'k', Value: 'v' }]
    expect((await create({ ThumbprintList, Tags })).OpenIDConnectProviderArn).toBe(providerArn)
    const read = await iam.send(new GetOpenIDConnectProviderCommand(byArn))
    expect(read).toMatchObject({ Url: 'gatehouse.example/tenant', ClientIDList: ['one'], ThumbprintList, Tags })
  })

  test('need neither client ids nor thumbprints, and may be http with a port', async () => {
    const { OpenIDConnectProviderArn } = await create({ Url: 'http://127.0.0.1:4000', ClientIDList: [] })
    expect(OpenIDConnectProviderArn).toBe(`arn:aws:iam::${accountId}:oidc-provider/127.0.0.1:4000`)
    expect((await iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }))).ClientIDList).toEqual([])
  })

  test('gain and lose client ids, each once', async () => {
    await create()
    await iam.send(new AddClientIDToOpenIDConnectProviderCommand({ ...byArn, ClientID: 'two' }))
    await iam.send(new AddClientIDToOpenIDConnectProviderCommand({ ...byArn, ClientID: 'two' }))
    expect(await clientIds()).toEqual(['one', 'two'])
    await iam.send(new RemoveClientIDFromOpenIDConnectProviderCommand({ ...byArn, ClientID: 'one' }))
    expect(await clientIds()).toEqual(['two'])
  })

  test('have at most 100 client ids, in the order they were given', async () => {
    const all = Array.from({ length: 100 }, (_, index) => `client-${index}`)
    await create({ ClientIDList: all })
    expect(await clientIds()).toEqual(all)
    const add = iam.send(new AddClientIDToOpenIDConnectProviderCommand({ ...byArn, ClientID: 'one more' }))
    expect(await refusalOf(add)).toMatchObject({ name: 'LimitExceededException', status: 409 })
  })

  test('are listed until they are deleted', async () => {
    await create()
    const list = async () => (await iam.send(new ListOpenIDConnectProvidersCommand({}))).OpenIDConnectProviderList
    expect(await list()).toEqual([{ Arn: providerArn }])
    await iam.send(new DeleteOpenIDConnectProviderCommand(byArn))
    expect(await list()).toEqual([])
  })
})

test('SAML providers are created, read, listed and deleted', async () => {
  const SAMLMetadataDocument = `<EntityDescriptor entityID="https://idp.example">${'<!-- & -->'.repeat(120)}</EntityDescriptor>`
  const { SAMLProviderArn } = await iam.send(new CreateSAMLProviderCommand({ Name: 'okta', SAMLMetadataDocument }))
  expect(SAMLProviderArn).toBe(`arn:aws:iam::${accountId}:saml-provider/okta`)
  const read = await iam.send(new GetSAMLProviderCommand({ SAMLProviderArn }))
  expect(read.SAMLMetadataDocument).toBe(SAMLMetadataDocument)
  expect(read.ValidUntil?.getTime()).toBeGreaterThan(Date.now())
  expect((await iam.send(new ListSAMLProvidersCommand({}))).SAMLProviderList).toMatchObject([{ Arn: SAMLProviderArn }])
  await iam.send(new DeleteSAMLProviderCommand({ SAMLProviderArn }))
  expect((await iam.send(new ListSAMLProvidersCommand({}))).SAMLProviderList).toEqual([])
})

test('an account has one alias, unique among all accounts', async () => {
  const aliases = async () => (await iam.send(new ListAccountAliasesCommand({}))).AccountAliases
  expect(await aliases()).toEqual([])
  await iam.send(new CreateAccountAliasCommand({ AccountAlias: 'first' }))
  await iam.send(new CreateAccountAliasCommand({ AccountAlias: 'second' }))
  expect(await aliases()).toEqual(['second'])
  const other = clientsOf(url, { credentials: administratorOf('210987654321') }).iam
  const taken = other.send(new CreateAccountAliasCommand({ AccountAlias: 'second' }))
  expect(await refusalOf(taken)).toMatchObject({ name: 'EntityAlreadyExistsException', status: 409 })
  await iam.send(new DeleteAccountAliasCommand({ AccountAlias: 'second' }))
  expect(await aliases()).toEqual([])
})
