import { execFile, execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AwsEmulator, createAwsEmulator } from '../../emulator/emulator.ts'
import { putInstance } from '../../emulator/services/ec2.ts'
import { putIdentityCenterInstance } from '../../emulator/services/identity-center.ts'
import { putBucket } from '../../emulator/services/s3.ts'
import { allow, policy, servicePrincipal, trustPolicy } from './documents.ts'
import { startIssuer, type TestIssuer } from './oidc-issuer.ts'

const accountId = '123456789012'
const command = findCommand()
const isRequired = Boolean(process.env.CI)

let emulator: AwsEmulator
let issuer: TestIssuer
let url: string
let folder: string

beforeAll(async () => {
  emulator = createAwsEmulator()
  url = await emulator.listen()
  issuer = await startIssuer('/tenant')
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-awscli-'))
})
afterAll(async () => {
  await emulator.close()
  await issuer.close()
  await rm(folder, { recursive: true })
})

/** Debian's AWS CLI first, since whatever else lies on the path may be an older one. */
function findCommand(): string | undefined {
  for (const candidate of ['/usr/bin/aws', 'aws']) {
    if (candidate.startsWith('/') && !existsSync(candidate)) continue
    try {
      execFileSync(candidate, ['--version'], { stdio: 'ignore' })
      return candidate
    } catch {
      // Not there or not working: the next one.
    }
  }
  return undefined
}

/** The end-of-directory record alone: the smallest file that is a zip archive. */
const emptyArchive = Buffer.concat([Buffer.from('PK\x05\x06'), Buffer.alloc(18)])
const administrator = { AWS_ACCESS_KEY_ID: `AKIA${accountId}`, AWS_SECRET_ACCESS_KEY: 'any' }

/** Runs one command and reads its JSON; fails with what the command says on stderr. */
function aws(args: string[], credentials: Record<string, string> = administrator): Promise<Record<string, unknown>> {
  const home = { HOME: folder, AWS_CONFIG_FILE: join(folder, 'config'), AWS_EC2_METADATA_DISABLED: 'true', AWS_PAGER: '' }
  const env = { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', ...home, ...credentials }
  const all = ['--endpoint-url', url, '--region', 'us-east-1', '--output', 'json', ...args]
  return new Promise((resolve, reject) => {
    execFile(command ?? 'aws', all, { env }, (error, stdout, stderr) => {
      if (error) reject(new Error(stderr.trim() || error.message))
      else resolve(stdout.trim() === '' ? {} : JSON.parse(stdout))
    })
  })
}

test.runIf(isRequired)('the aws command is there', () => {
  expect(command).toBeDefined()
})

describe.skipIf(!command && !isRequired)("Debian's AWS CLI", { timeout: 180_000 }, () => {
  const providerArn = () => `arn:aws:iam::${accountId}:oidc-provider/${issuer.name}`

  test('sts and iam: sets up a role and assumes it with a token', async () => {
    expect(await aws(['sts', 'get-caller-identity'])).toMatchObject({ Account: accountId })
    const thumbprint = ['--thumbprint-list', 'a'.repeat(40)]
    const created = await aws(['iam', 'create-open-id-connect-provider', '--url', issuer.url, '--client-id-list', 'one', ...thumbprint])
    expect(created).toEqual({ OpenIDConnectProviderArn: providerArn() })
    const provider = ['--open-id-connect-provider-arn', providerArn()]
    await aws(['iam', 'add-client-id-to-open-id-connect-provider', ...provider, '--client-id', 'two'])
    expect(await aws(['iam', 'get-open-id-connect-provider', ...provider])).toMatchObject({
      Url: issuer.name,
      ClientIDList: ['one', 'two'],
    })
    const trust = trustPolicy(providerArn(), { StringEquals: { [`${issuer.name}:aud`]: 'two', [`${issuer.name}:sub`]: 'organization:1' } })
    const role = ['--role-name', 'Reader']
    await aws(['iam', 'create-role', ...role, '--assume-role-policy-document', trust, '--tags', 'Key=team,Value=one'])
    const document = policy(allow('iam:GetRole', `arn:aws:iam::${accountId}:role/Reader`))
    await aws(['iam', 'put-role-policy', ...role, '--policy-name', 'P', '--policy-document', document])
    expect(await aws(['iam', 'get-role-policy', ...role, '--policy-name', 'P'])).toMatchObject({ PolicyDocument: JSON.parse(document) })

    const token = join(folder, 'token')
    await writeFile(token, await issuer.token({ aud: 'two', sub: 'organization:1' }))
    const session = ['--role-arn', `arn:aws:iam::${accountId}:role/Reader`, '--role-session-name', 'cli', '--duration-seconds', '900']
    const assumed = await aws(['sts', 'assume-role-with-web-identity', ...session, '--web-identity-token', `file://${token}`], {})
    const keys = assumed.Credentials as { AccessKeyId: string; SecretAccessKey: string; SessionToken: string }
    const credentials = {
      AWS_ACCESS_KEY_ID: keys.AccessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.SecretAccessKey,
      AWS_SESSION_TOKEN: keys.SessionToken,
    }
    const read = await aws(['iam', 'get-role', ...role], credentials)
    expect(read).toMatchObject({ Role: { AssumeRolePolicyDocument: JSON.parse(trust), Tags: [{ Key: 'team', Value: 'one' }] } })
    await expect(aws(['iam', 'list-roles'], credentials)).rejects.toThrow(
      /An error occurred \(AccessDenied\) when calling the ListRoles operation: User: arn:aws:sts::123456789012:assumed-role\/Reader\/cli is not authorized/,
    )
    await writeFile(token, await issuer.token({ aud: 'two', sub: 'organization:decoy' }))
    await expect(aws(['sts', 'assume-role-with-web-identity', ...session, '--web-identity-token', `file://${token}`], {})).rejects.toThrow(
      'An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: Not authorized to perform sts:AssumeRoleWithWebIdentity',
    )
  })

  test('iam: follows pages, reads details, aliases and SAML providers', async () => {
    for (const name of ['A', 'B', 'C']) {
      await aws([
        'iam',
        'create-role',
        '--role-name',
        name,
        '--path',
        '/paged/',
        '--assume-role-policy-document',
        servicePrincipal('ec2.amazonaws.com'),
      ])
    }
    const { Roles } = await aws(['iam', 'list-roles', '--path-prefix', '/paged/', '--page-size', '2'])
    expect((Roles as { RoleName: string }[]).map(({ RoleName }) => RoleName)).toEqual(['A', 'B', 'C'])
    const details = await aws(['iam', 'get-account-authorization-details', '--filter', 'Role', '--page-size', '2'])
    expect((details.RoleDetailList as { RoleName: string }[]).map(({ RoleName }) => RoleName)).toEqual(
      expect.arrayContaining(['A', 'B', 'C']),
    )
    await aws(['iam', 'create-account-alias', '--account-alias', 'cli-account'])
    expect(await aws(['iam', 'list-account-aliases'])).toEqual({ AccountAliases: ['cli-account'] })
    const metadata = join(folder, 'metadata.xml')
    await writeFile(metadata, `<EntityDescriptor>${'<!-- & -->'.repeat(100)}</EntityDescriptor>`)
    const { SAMLProviderArn } = await aws([
      'iam',
      'create-saml-provider',
      '--name',
      'okta',
      '--saml-metadata-document',
      `file://${metadata}`,
    ])
    expect(await aws(['iam', 'list-saml-providers'])).toMatchObject({ SAMLProviderList: [{ Arn: SAMLProviderArn }] })
    await expect(aws(['iam', 'get-role', '--role-name', 'Nobody'])).rejects.toThrow(
      'An error occurred (NoSuchEntity) when calling the GetRole operation: The role with name Nobody cannot be found.',
    )
  })

  test('accessanalyzer and cloudtrail', async () => {
    const { arn } = await aws(['accessanalyzer', 'create-analyzer', '--analyzer-name', 'one', '--type', 'ACCOUNT'])
    expect(await aws(['accessanalyzer', 'get-analyzer', '--analyzer-name', 'one'])).toMatchObject({ analyzer: { arn, status: 'ACTIVE' } })
    expect(await aws(['accessanalyzer', 'list-analyzers', '--type', 'ACCOUNT'])).toMatchObject({ analyzers: [{ arn }] })
    await expect(aws(['accessanalyzer', 'get-analyzer', '--analyzer-name', 'none'])).rejects.toThrow(/ResourceNotFoundException/)
    const { EventDataStoreArn } = await aws(['cloudtrail', 'create-event-data-store', '--name', 'store'])
    const byArn = ['--event-data-store', String(EventDataStoreArn)]
    expect(await aws(['cloudtrail', 'get-event-data-store', ...byArn])).toMatchObject({ Name: 'store', Status: 'ENABLED' })
    expect(await aws(['cloudtrail', 'list-event-data-stores'])).toEqual({ EventDataStores: [{ EventDataStoreArn, Name: 'store' }] })
    await expect(aws(['cloudtrail', 'get-event-data-store', '--event-data-store', 'none'])).rejects.toThrow(
      /EventDataStoreNotFoundException/,
    )
  })

  test('lambda', async () => {
    const archive = join(folder, 'code.zip')
    await writeFile(archive, emptyArchive)
    const role = ['--role', `arn:aws:iam::${accountId}:role/any`, '--runtime', 'nodejs18.x', '--handler', 'index.handler']
    const created = await aws(['lambda', 'create-function', '--function-name', 'greet', ...role, '--zip-file', `fileb://${archive}`])
    expect(created).toMatchObject({ State: 'Active', CodeSize: emptyArchive.length })
    const answer = join(folder, 'answer')
    const event = join(folder, 'event.json')
    await writeFile(event, '{"a":1}')
    const invoke = ['lambda', 'invoke', '--function-name', String(created.FunctionArn)]
    expect(await aws([...invoke, '--invocation-type', 'DryRun', answer])).toEqual({ StatusCode: 204 })
    expect(await aws([...invoke, '--payload', `fileb://${event}`, answer])).toMatchObject({
      StatusCode: 200,
    })
    expect(await readFile(answer, 'utf8')).toBe('{"a":1}')
    expect(await aws(['lambda', 'get-function', '--function-name', 'greet'])).toMatchObject({ Configuration: { FunctionName: 'greet' } })
    expect(await aws(['lambda', 'list-functions'])).toMatchObject({ Functions: [{ FunctionName: 'greet' }] })
    const missing = ['lambda', 'invoke', '--function-name', 'none', '--invocation-type', 'DryRun', answer]
    await expect(aws(missing)).rejects.toThrow(/ResourceNotFoundException.*Function not found/)
  })

  test('s3api, ec2, resourcegroupstaggingapi', async () => {
    putBucket(emulator.state.account(accountId), { name: 'reports', region: 'us-east-1', tags: { team: 'blue' } }, Date.now())
    const { id } = putInstance(emulator.state.account(accountId), { region: 'us-east-1', tags: { Name: 'web' } }, Date.now())
    expect(await aws(['s3api', 'list-buckets'])).toMatchObject({ Buckets: [{ Name: 'reports' }] })
    expect(await aws(['ec2', 'describe-instances', '--instance-ids', id])).toMatchObject({
      Reservations: [
        { OwnerId: accountId, Instances: [{ InstanceId: id, State: { Name: 'running' }, Tags: [{ Key: 'Name', Value: 'web' }] }] },
      ],
    })
    expect(await aws(['ec2', 'describe-regions', '--query', 'Regions[].RegionName'])).toContain('us-east-1')
    const tagged = await aws(['resourcegroupstaggingapi', 'get-resources', '--resource-type-filters', 's3'])
    expect(tagged).toMatchObject({
      ResourceTagMappingList: [{ ResourceARN: 'arn:aws:s3:::reports', Tags: [{ Key: 'team', Value: 'blue' }] }],
    })
  })

  test('sso-admin and resource-explorer-2', async () => {
    const { arn, identityStoreId } = putIdentityCenterInstance(emulator.state.account(accountId), 'us-east-1', Date.now())
    expect(await aws(['sso-admin', 'list-instances'])).toMatchObject({
      Instances: [{ InstanceArn: arn, IdentityStoreId: identityStoreId }],
    })
    await expect(aws(['resource-explorer-2', 'get-index'])).rejects.toThrow(/ResourceNotFoundException/)
    const { Arn } = await aws(['resource-explorer-2', 'create-index'])
    expect(await aws(['resource-explorer-2', 'get-index'])).toMatchObject({ Arn, Type: 'LOCAL', State: 'ACTIVE' })
    expect(await aws(['resource-explorer-2', 'list-indexes'])).toEqual({ Indexes: [{ Arn, Region: 'us-east-1', Type: 'LOCAL' }] })
    const { View } = await aws(['resource-explorer-2', 'create-view', '--view-name', 'all', '--included-properties', 'Name=tags'])
    const { ViewArn } = View as { ViewArn: string }
    await aws(['resource-explorer-2', 'associate-default-view', '--view-arn', ViewArn])
    const bucket = { Arn: 'arn:aws:s3:::reports', OwningAccountId: accountId, Properties: [{ Name: 'tags' }] }
    expect(await aws(['resource-explorer-2', 'search', '--query-string', 'resourcetype:s3:bucket'])).toMatchObject({ Resources: [bucket] })
  })

  test('secretsmanager', async () => {
    const tags = ['--tags', 'Key=GatehouseAccess,Value=true']
    const { ARN } = await aws(['secretsmanager', 'create-secret', '--name', 'shop', '--secret-string', '{"username":"u"}', ...tags])
    const byArn = ['--secret-id', String(ARN)]
    expect(await aws(['secretsmanager', 'get-secret-value', ...byArn])).toMatchObject({ Name: 'shop', SecretString: '{"username":"u"}' })
    await aws(['secretsmanager', 'put-secret-value', ...byArn, '--secret-string', '{}'])
    expect(await aws(['secretsmanager', 'get-secret-value', '--secret-id', 'shop'])).toMatchObject({ ARN, SecretString: '{}' })
    await aws(['secretsmanager', 'delete-secret', ...byArn, '--force-delete-without-recovery'])
    await expect(aws(['secretsmanager', 'get-secret-value', ...byArn])).rejects.toThrow(/ResourceNotFoundException/)
  })
})
