import {
  CreateAccountAliasCommand,
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  CreateSAMLProviderCommand,
  DeleteAccountAliasCommand,
  DeleteRoleCommand,
  GetOpenIDConnectProviderCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetSAMLProviderCommand,
  type IAMClient,
  ListRolesCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AwsEmulator, createAwsEmulator } from '../../emulator/emulator.ts'
import { administratorOf, clientsOf, refusalOf } from './clients.ts'
import { allow, policy, servicePrincipal, trustPolicy } from './documents.ts'

const accountId = '123456789012'
const trust = servicePrincipal('lambda.amazonaws.com')
let emulator: AwsEmulator
let iam: IAMClient

beforeEach(async () => {
  emulator = createAwsEmulator()
  iam = clientsOf(await emulator.listen(), { credentials: administratorOf(accountId) }).iam
  await createRole('R')
  await createOidc('https://taken.example')
})
afterEach(() => emulator.close())

const createRole = (RoleName: string, more: object = {}) =>
  iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust, ...more }))
const createOidc = (Url: string) => iam.send(new CreateOpenIDConnectProviderCommand({ Url }))
const getOidc = (OpenIDConnectProviderArn: string) => iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }))
const createSaml = (Name: string, SAMLMetadataDocument: string) => iam.send(new CreateSAMLProviderCommand({ Name, SAMLMetadataDocument }))
const putPolicy = (PolicyName: string, PolicyDocument: string, RoleName = 'R') =>
  iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }))
const arn = (resource: string) => `arn:aws:iam::${accountId}:${resource}`

type Row = [title: string, call: () => Promise<unknown>, message: string | RegExp]

function refuses(name: string, status: number, rows: Row[]): void {
  describe(`${name} (${status})`, () => {
    test.each(rows)('%s', async (_title, call, message) => {
      const refusal = await refusalOf(call())
      expect(refusal).toMatchObject({ name, status })
      if (typeof message === 'string') expect(refusal.message).toBe(message)
      else expect(refusal.message).toMatch(message)
    })
  })
}

refuses('EntityAlreadyExistsException', 409, [
  ['a role under a taken name', () => createRole('R'), 'Role with name R already exists.'],
  [
    'a second OIDC provider of one URL',
    () => createOidc('https://taken.example'),
    'Provider with url https://taken.example already exists.',
  ],
])

refuses('NoSuchEntityException', 404, [
  ['a missing role', () => iam.send(new GetRoleCommand({ RoleName: 'X' })), 'The role with name X cannot be found.'],
  ['deleting a missing role', () => iam.send(new DeleteRoleCommand({ RoleName: 'X' })), 'The role with name X cannot be found.'],
  [
    'a missing policy',
    () => iam.send(new GetRolePolicyCommand({ RoleName: 'R', PolicyName: 'P' })),
    'The role policy with name P cannot be found.',
  ],
  ['a policy for a missing role', () => putPolicy('P', policy(allow('s3:*')), 'X'), 'The role with name X cannot be found.'],
  [
    'a missing OIDC provider',
    () => getOidc(arn('oidc-provider/missing.example')),
    `OpenIDConnect Provider not found for arn ${arn('oidc-provider/missing.example')}`,
  ],
  ['a missing SAML provider', () => iam.send(new GetSAMLProviderCommand({ SAMLProviderArn: arn('saml-provider/x') })), /saml-provider\/x$/],
  ['an alias that is not there', () => iam.send(new DeleteAccountAliasCommand({ AccountAlias: 'never-there' })), /never-there/],
])

refuses('InvalidInputException', 400, [
  ['an OIDC provider whose URL has a query', () => createOidc('https://a.example/?x=1'), /URL/],
  ['an OIDC provider whose URL is none', () => createOidc('a.example'), /URL/],
  ['an ARN of something else', () => getOidc(arn('role/R')), /Invalid ARN/],
  ['SAML metadata that is none', () => createSaml('x', 'x'.repeat(1000)), 'Could not parse metadata'],
])

const allowedInNames = 'It must contain only alphanumeric characters and/or the following: +=,.@_-'
refuses('ValidationError', 400, [
  ['a role name with a space', () => createRole('a b'), `The specified value for roleName is invalid. ${allowedInNames}`],
  [
    'a role name of 65 characters',
    () => createRole('x'.repeat(65)),
    /^1 validation error detected: Value 'x+' at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64$/,
  ],
  [
    'a policy name with a slash',
    () => putPolicy('a/b', policy(allow('s3:*'))),
    `The specified value for policyName is invalid. ${allowedInNames}`,
  ],
  ['a path without slash at its end', () => createRole('X', { Path: '/a' }), /path/],
  ['an alias in capitals', () => iam.send(new CreateAccountAliasCommand({ AccountAlias: 'Shouting' })), /'Shouting' at 'accountAlias'/],
  [
    'more than 1,000 roles a page',
    () => iam.send(new ListRolesCommand({ MaxItems: 1001 })),
    /'1001' at 'maxItems'.*Member must have value less than or equal to 1000$/,
  ],
  ['sessions of less than an hour', () => createRole('X', { MaxSessionDuration: 3599 }), /maxSessionDuration/],
  ['51 tags', () => createRole('X', { Tags: Array.from({ length: 51 }, (_, i) => ({ Key: `k${i}`, Value: '' })) }), /'tags'.*length.*50$/],
])

const createTrusting = (document: string) => createRole('X', { AssumeRolePolicyDocument: document })
const trusting = (statement: object) => createTrusting(policy({ Effect: 'Allow', Principal: '*', Action: 'sts:AssumeRole', ...statement }))
const longTrust = trustPolicy('accounts.google.com', { StringEquals: { 'accounts.google.com:sub': 'x'.repeat(2048) } })
const updateTrust = (PolicyDocument: string) => iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: 'R', PolicyDocument }))

refuses('MalformedPolicyDocumentException', 400, [
  ['a trust policy that is no JSON', () => createTrusting('{'), 'This policy contains invalid Json'],
  ['a trust policy without statement', () => createTrusting('{}'), 'Syntax errors in policy.'],
  ['a trust policy that names a resource', () => trusting({ Resource: '*' }), 'Has prohibited field Resource'],
  ['a trust policy that names no principal', () => trusting({ Principal: undefined }), 'Missing required field Principal'],
  [
    'a trust policy for another service',
    () => trusting({ Action: 's3:GetObject' }),
    'AssumeRole policy may only specify STS AssumeRole actions.',
  ],
  [
    'a trust policy with a broken principal',
    () => trusting({ Principal: { AWS: 'somebody' } }),
    'Invalid principal in policy: "AWS":"somebody"',
  ],
  ['a trust policy with an operator that does not exist', () => trusting({ Condition: { StringIs: { 'a:b': 'c' } } }), /StringIs/],
  ['an update to a broken trust policy', () => updateTrust('[]'), 'Syntax errors in policy.'],
  ['an inline policy with a principal', () => putPolicy('P', trust), 'Policy document should not specify a principal.'],
  [
    'an inline policy without resource',
    () => putPolicy('P', policy({ Effect: 'Allow', Action: 's3:*' })),
    'Policy statement must contain resources.',
  ],
  [
    'an inline policy without action',
    () => putPolicy('P', policy({ Effect: 'Allow', Resource: '*' })),
    'Policy statement must contain actions.',
  ],
  ['an action without service', () => putPolicy('P', policy(allow('GetRole'))), /prefaced by a vendor/],
  ['a resource that is no ARN', () => putPolicy('P', policy(allow('s3:*', 'bucket'))), 'Resource bucket must be in ARN format or "*".'],
  ['an operator that does not exist', () => putPolicy('P', policy(allow('s3:*', '*', { StringIs: { a: 'b' } }))), /StringIs/],
  ['two statements of one Sid', () => putPolicy('P', policy({ Sid: 'a', ...allow('s3:*') }, { Sid: 'a', ...allow('s3:*') })), /SID/],
  ['an unknown element', () => putPolicy('P', policy({ ...allow('s3:*'), Actions: [] })), 'Syntax errors in policy.'],
])

refuses('LimitExceededException', 409, [
  ['a trust policy of more than 2,048 characters', () => createTrusting(longTrust), 'Cannot exceed quota for ACLSizePerRole: 2048'],
])
