import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { expectInstalledOnce } from './histories.ts'
import { accountIds, accountsFile, kinds, makeFolder, mutationsOf, onboard } from './onboarding.ts'

// Each run is many calls, and verifications may wait for AWS.
vi.setConfig({ testTimeout: 120_000 })

let app: TestApp
let endpoint: string
beforeAll(async () => {
  app = await startTestApp({ worker: true })
  endpoint = app.booted.services.config.awsEndpointUrl ?? ''
})
afterEach(() => {
  app.aws.faults.clear()
  vi.unstubAllEnvs()
})
afterAll(() => app.close())

const [firstAccount = '', secondAccount = ''] = accountIds(2)

async function prepare(accounts: number, ...options: string[]) {
  const { id, key, ask } = await app.organization()
  const args = ['--url', app.url, '--accounts', await accountsFile(accounts), ...options]
  return { id, ask, args, env: { GATEHOUSE_KEY: key, AWS_ENDPOINT_URL: endpoint } }
}

const iamOf = (accountId: string) =>
  new IAMClient({ endpoint, region: 'us-east-1', credentials: { accessKeyId: `AKIA${accountId}`, secretAccessKey: 'anything' } })

test('AWS that answers nothing usable for a while is asked again, without anything happening twice', async () => {
  const { id, ask, args, env } = await prepare(1, '--apply')
  app.aws.faults.add({ kind: 'error500', service: 'sts', operation: 'AssumeRoleWithWebIdentity', times: 9 })
  const run = await onboard(args, env)
  expect([run.exitCode, run.text]).toEqual([0, expect.stringContaining('3 of 3 components are installed')])
  expect(mutationsOf(run).filter((operation) => operation === 'VerifyComponents').length).toBeGreaterThan(1)
  await expectInstalledOnce(ask, id, accountIds(1), kinds)
})

test('AWS that stays away is given up when the patience is over, and the report says why', async () => {
  const { args, env } = await prepare(1, '--apply', '--patience', '2', '--kinds', 'INVENTORY')
  app.aws.faults.add({ kind: 'error500', service: 'sts' })
  const run = await onboard(args, env)
  expect([run.exitCode, run.text]).toEqual([
    1,
    expect.stringMatching(new RegExp(`${firstAccount}  INVENTORY  STAGE\\n    Given up after 2 s: AWS STS answered 500`)),
  ])
})

test('an account that AWS does not let in keeps nothing else back and is named with the reason', async () => {
  const { args, env } = await prepare(2, '--apply', '--kinds', 'IAM_ASSESSMENT,INVENTORY')
  app.aws.faults.add({ kind: 'refuse', service: 'iam', accountId: secondAccount })
  const run = await onboard(args, env)
  expect(run.text).toContain('2 of 4 components are installed')
  expect(run.text).toMatch(
    new RegExp(`${secondAccount}  INVENTORY  STAGE\\n    The role GatehouseResourceInventory could not be made in AWS: AccessDenied`),
  )
  expect(run.exitCode).toBe(1)
  app.aws.faults.clear()
  expect((await onboard(args, env)).exitCode).toBe(0)
})

test('a check that fails is reported with its message and its remediation, an installed component that has drifted too', async () => {
  const { args, env } = await prepare(2, '--apply', '--kinds', 'INVENTORY')
  expect((await onboard(args, env)).exitCode).toBe(0)
  const trust = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${firstAccount}:root` }, Action: 'sts:AssumeRole' }],
  })
  await iamOf(firstAccount).send(new UpdateAssumeRolePolicyCommand({ RoleName: 'GatehouseResourceInventory', PolicyDocument: trust }))
  const { data } = await app.send(
    env.GATEHOUSE_KEY,
    `{ viewer { organizations { nodes { component(kind: INVENTORY, itemId: "${firstAccount}") { id } } } } }`,
  )
  const [{ component }] = data.viewer.organizations.nodes
  await app.send(env.GATEHOUSE_KEY, 'mutation ($id: ID!) { verifyComponent(input: { id: $id }) { errors { message } } }', {
    id: component.id,
  })
  const { exitCode, text } = await onboard(
    [...args, '--kinds', 'INVENTORY,IAM_WRITE'].filter((argument) => argument !== '--apply').concat('--recipes', await makeFolder()),
    env,
  )
  expect(text).toMatch(new RegExp(`${firstAccount}  IAM_WRITE  STAGE\\n    ROLE_ASSUMABLE: .*\\n      To mend it: If account`))
  expect(text).toMatch(new RegExp(`no longer as it has to be.*\\n  ${firstAccount}  INVENTORY  DRIFTED\\n    ROLE_ASSUMABLE: `))
  expect(exitCode).toBe(1)
})

test('scripts are written for the roles, and the accounts in which they were run are installed', async () => {
  const folder = path.join(await makeFolder(), 'scripts')
  const { args, env } = await prepare(2, '--recipes', folder, '--kinds', 'INVENTORY,ACCESS_LOGS')
  const first = await onboard(args, env)
  expect([first.exitCode, first.text]).toEqual([1, expect.stringContaining('2 of 4 components are installed')])
  expect((await readdir(folder)).sort()).toEqual([`${firstAccount}-inventory.sh`, `${secondAccount}-inventory.sh`])
  expect(await readFile(path.join(folder, `${firstAccount}-inventory.sh`), 'utf8')).toMatch(/^#!\/bin\/sh\n/)
  await promisify(execFile)('sh', ['-n', path.join(folder, `${firstAccount}-inventory.sh`)])
  await onboard([...args.slice(0, 4), '--kinds', 'INVENTORY', '--apply'], env)
  const last = await onboard(args, env)
  expect([last.exitCode, last.text]).toEqual([0, expect.stringContaining('4 already installed, nothing to do')])
})

test('through a role that the shell may assume, the roles are made in AWS without a key of each account', async () => {
  const { args, env } = await prepare(1, '--apply', '--kinds', 'INVENTORY', '--aws-role', 'Setup')
  const management = '999988887777'
  const trust = { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${management}:root` }, Action: 'sts:AssumeRole' }
  const iam = iamOf(firstAccount)
  await iam.send(
    new CreateRoleCommand({ RoleName: 'Setup', AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [trust] }) }),
  )
  const everything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }
  await iam.send(new PutRolePolicyCommand({ RoleName: 'Setup', PolicyName: 'everything', PolicyDocument: JSON.stringify(everything) }))
  vi.stubEnv('AWS_ACCESS_KEY_ID', `AKIA${management}`)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'anything')
  app.aws.requests.reset()
  const run = await onboard(args, env)
  expect([run.exitCode, run.text]).toEqual([0, expect.stringContaining('1 of 1 components are installed')])
  expect(app.aws.requests.count({ service: 'sts', operation: 'AssumeRole', accountId: management })).toBe(1)
})
