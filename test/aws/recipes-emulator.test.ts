import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  GetOpenIDConnectProviderCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AwsEmulator, createAwsEmulator } from '../../emulator/emulator.ts'
import type { AwsPartition, RoleSetup } from '../../src/aws/aws.type.ts'
import { arnPartitionOf, defaultRegion } from '../../src/aws/partition.ts'
import { renderRecipes } from '../../src/aws/recipes/recipes.ts'
import { runShell } from './fake-aws-cli.ts'
import { meaningOf, parsed } from './recipe-documents.ts'
import { ACCOUNT, ISSUER_IDENTITY, setupOf } from './setups.ts'

const AWS_CLI = '/usr/bin/aws'
const GOV_ACCOUNT = '210987654321'

/** The AWS CLI starts slowly, several times a script. */
const TIMEOUT_MS = 120_000

describe.skipIf(!existsSync(AWS_CLI) && !process.env.CI)('the script, run with the real AWS CLI', () => {
  let emulator: AwsEmulator
  let url: string
  let directory: string

  beforeAll(async () => {
    emulator = createAwsEmulator()
    url = await emulator.listen()
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-aws-cli-'))
    // Not AWS_ENDPOINT_URL: the CLI reads that only since 2.13.
    await writeFile(join(directory, 'aws'), `#!/bin/sh\nexec ${AWS_CLI} --endpoint-url ${url} "$@"\n`)
    await chmod(join(directory, 'aws'), 0o755)
  })

  afterAll(async () => {
    await emulator.close()
    await rm(directory, { recursive: true })
  })

  it.each([
    ['IAM_WRITE', 'AWS', ACCOUNT],
    ['INVENTORY', 'AWS', ACCOUNT],
    ['IAM_ASSESSMENT', 'AWS_US_GOV', GOV_ACCOUNT],
  ] as const)('creates exactly the role of %s in %s', { timeout: TIMEOUT_MS }, async (kind, partition, accountId) => {
    const setup = setupOf(kind, { partition, accountId, itemId: accountId })
    await run(setup, partition, accountId)
    expect(await found(setup, partition, accountId)).toEqual(meaningOf(setup))
    expect(await audiences(partition, accountId)).toEqual([ISSUER_IDENTITY.audience])
  })

  it('adds a second function and a second audience to what is there', { timeout: TIMEOUT_MS }, async () => {
    const first = setupOf('FUNCTION_CALLER')
    const identity = { ...ISSUER_IDENTITY, audience: '222222222222222222222' }
    const second = setupOf('FUNCTION_CALLER', { identity, itemId: `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:second:$LATEST` })
    await run(first)
    await run(second)
    const { trustPolicy, policies } = await found(second)
    expect(trustPolicy).toEqual(meaningOf(second).trustPolicy)
    expect(policies).toEqual({ ...meaningOf(first).policies, ...meaningOf(second).policies })
    expect((await audiences('AWS', ACCOUNT)).toSorted()).toEqual([ISSUER_IDENTITY.audience, identity.audience])
  })

  async function run(setup: RoleSetup, partition: AwsPartition = 'AWS', accountId = ACCOUNT): Promise<void> {
    const { awsCli } = renderRecipes(setup, { partition, accountId, createOidcProvider: true })
    const credentials = { AWS_ACCESS_KEY_ID: `AKIA${accountId}`, AWS_SECRET_ACCESS_KEY: 'anything' }
    const { exitCode, stderr, stdout } = await runShell(awsCli, {
      ...process.env,
      ...credentials,
      PATH: `${directory}:${process.env.PATH}`,
    })
    expect({ exitCode, stderr, stdout }).toEqual({
      exitCode: 0,
      stderr: '',
      stdout: `${setup.roleName} is set up in account ${accountId}.\n`,
    })
  }

  function client(partition: AwsPartition, accountId: string): IAMClient {
    const credentials = { accessKeyId: `AKIA${accountId}`, secretAccessKey: 'anything' }
    return new IAMClient({ endpoint: url, region: defaultRegion(partition), credentials })
  }

  async function found(
    { roleName: RoleName }: RoleSetup,
    partition: AwsPartition = 'AWS',
    accountId = ACCOUNT,
  ): Promise<ReturnType<typeof parsed>> {
    const iam = client(partition, accountId)
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }))
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }))
    const policies = await Promise.all(PolicyNames.map((PolicyName) => iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }))))
    return parsed({
      trustPolicy: decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''),
      policies: Object.fromEntries(policies.map((policy) => [policy.PolicyName, decodeURIComponent(policy.PolicyDocument ?? '')])),
    })
  }

  async function audiences(partition: AwsPartition, accountId: string): Promise<string[]> {
    const OpenIDConnectProviderArn = `arn:${arnPartitionOf(partition)}:iam::${accountId}:oidc-provider/gatehouse.example.com/base`
    const provider = await client(partition, accountId).send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }))
    expect(provider.ThumbprintList ?? []).toEqual([])
    return provider.ClientIDList ?? []
  }
})
