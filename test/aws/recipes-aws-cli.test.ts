import { describe, expect, it } from 'vitest'
import type { AwsPartition, RoleSetup } from '../../src/aws/aws.type.ts'
import { renderRecipes } from '../../src/aws/recipes/recipes.ts'
import { createdByCalls, optionOf, type Run, runScript } from './fake-aws-cli.ts'
import { meaningOf, parsed } from './recipe-documents.ts'
import { ACCOUNT, CASES, GOOGLE_IDENTITY, ISSUER_IDENTITY, setupOf } from './setups.ts'

const PROVIDER_ARN = `arn:aws:iam::${ACCOUNT}:oidc-provider/gatehouse.example.com/base`
const EXISTS = 'An error occurred (EntityAlreadyExists) when calling the operation: it exists already.'
const DENIED = 'An error occurred (AccessDenied) when calling the operation: not authorized.'

describe.each(CASES)('the script of $title', ({ partition, identity, setup }) => {
  it('creates exactly the documents of the setup, the provider first', async () => {
    const run = await runScript(scriptOf(setup, partition))
    expect([run.exitCode, run.stderr]).toEqual([0, ''])
    expect(parsed(createdByCalls(run.calls))).toEqual(meaningOf(setup))
    const provider = identity.mode === 'issuer' ? ['create-open-id-connect-provider'] : []
    const policies = Object.keys(meaningOf(setup).policies).map(() => 'put-role-policy')
    expect(commandsOf(run)).toEqual(['get-caller-identity', ...provider, 'create-role', ...policies])
    const ofRole = run.calls.filter(([, command]) => command === 'create-role' || command === 'put-role-policy')
    expect(new Set(ofRole.map((call) => optionOf(call, '--role-name')))).toEqual(new Set([setup.roleName]))
  })
})

describe('the script', () => {
  const setup = setupOf('FUNCTION_CALLER')
  const script = scriptOf(setup)

  it('gives the provider the issuer and the audience, and no thumbprint', async () => {
    const { calls } = await runScript(script)
    const [call] = calls.filter(([, command]) => command === 'create-open-id-connect-provider')
    const { issuer, audience } = ISSUER_IDENTITY
    expect(call).toEqual(['iam', 'create-open-id-connect-provider', '--url', issuer, '--client-id-list', audience])
  })

  it('serves an AWS CLI that insists on a thumbprint option with one that has no value', async () => {
    const run = await runScript(script, { insistsOnThumbprintOption: true })
    expect(run.exitCode).toBe(0)
    const created = run.calls.filter(([, command]) => command === 'create-open-id-connect-provider')
    expect(created.map((call) => call.at(-1))).toEqual([ISSUER_IDENTITY.audience, '--thumbprint-list'])
    const again = await runScript(script, { insistsOnThumbprintOption: true, errors: { 'create-open-id-connect-provider': EXISTS } })
    expect([again.exitCode, commandsOf(again)]).toEqual([0, expect.arrayContaining(['add-client-id-to-open-id-connect-provider'])])
  })

  it('brings an account where all exists already to the same state', async () => {
    const errors = { 'create-open-id-connect-provider': EXISTS, 'create-role': EXISTS }
    const run = await runScript(script, { errors })
    expect([run.exitCode, run.stderr]).toEqual([0, ''])
    const audience = run.calls.find(([, command]) => command === 'add-client-id-to-open-id-connect-provider')
    expect(audience).toEqual([
      ...['iam', 'add-client-id-to-open-id-connect-provider'],
      ...['--open-id-connect-provider-arn', PROVIDER_ARN, '--client-id', ISSUER_IDENTITY.audience],
    ])
    const trust = run.calls.find(([, command]) => command === 'update-assume-role-policy')
    expect(optionOf(trust, '--role-name')).toBe('GatehouseFunctionCaller')
    expect(optionOf(trust, '--policy-document')).toBe(setup.trustPolicy)
    expect(parsed(createdByCalls(run.calls)).policies).toEqual(meaningOf(setup).policies)
  })

  it("leaves the first function's policy alone when it is run for a second one", async () => {
    const second = setupOf('FUNCTION_CALLER', { itemId: `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:second` })
    const { calls } = await runScript(scriptOf(second), { errors: { 'create-role': EXISTS } })
    const written = calls.filter(([, command]) => command === 'put-role-policy').map((call) => optionOf(call, '--policy-name'))
    expect(written).toEqual(['GatehouseInvoke-eu-west-1-second', 'GatehouseSelfRead'])
    expect(commandsOf({ calls }).filter((command) => command?.startsWith('delete'))).toEqual([])
  })

  it.each([
    ['create-open-id-connect-provider', []],
    ['create-role', ['create-open-id-connect-provider']],
    ['put-role-policy', ['create-open-id-connect-provider', 'create-role']],
  ])("ends with AWS's message where %s is refused, and does nothing more", async (command, before) => {
    const run = await runScript(script, { errors: { [command]: DENIED } })
    expect(run.exitCode).not.toBe(0)
    expect(run.stderr).toContain(DENIED)
    expect(run.stdout).not.toContain('is set up')
    expect(commandsOf(run)).toEqual(['get-caller-identity', ...before, command])
  })

  it.each([
    ['add-client-id-to-open-id-connect-provider', 'create-open-id-connect-provider'],
    ['update-assume-role-policy', 'create-role'],
  ])('ends where %s is refused', async (command, created) => {
    const run = await runScript(script, { errors: { [created]: EXISTS, [command]: DENIED } })
    expect(run.exitCode).not.toBe(0)
    expect(run.stderr).toContain(DENIED)
    expect(commandsOf(run).at(-1)).toBe(command)
  })

  it('writes nothing into another account', async () => {
    const run = await runScript(script, { account: '999999999999' })
    expect(run.exitCode).not.toBe(0)
    expect(run.stderr).toContain(`of the account 999999999999, not of ${ACCOUNT}`)
    expect(commandsOf(run)).toEqual(['get-caller-identity'])
  })

  it.each([
    ['AWS', 'us-east-1'],
    ['AWS_US_GOV', 'us-gov-west-1'],
  ] as const)("asks the partition's own IAM in %s, whatever region the caller has set", async (partition, region) => {
    const setup = setupOf('INVENTORY', { partition, identity: GOOGLE_IDENTITY })
    const regions = 'aws() { command aws "$AWS_REGION" "$AWS_DEFAULT_REGION"; echo 123456789012; }\nAWS_REGION=ap-south-1\n'
    const { calls } = await runScript(`${regions}${scriptOf(setup, partition)}`)
    expect(calls.length).toBeGreaterThan(0)
    expect(calls.filter((call) => call[0] !== region || call[1] !== region)).toEqual([])
  })

  it.each([`'; touch "$FAKE_AWS/broken"; '`, `$(touch "$FAKE_AWS/broken")`, '`exit 3`', '\\', "'", '"', '\n', "'\\''"])(
    'takes whatever stands in a document as a value of it: %j',
    async (text) => {
      const document = JSON.stringify({ Version: '2012-10-17', Statement: [{ Sid: text }] }, null, 2)
      const hostile: RoleSetup = { ...setup, trustPolicy: document, inlinePolicy: document }
      const run = await runScript(scriptOf(hostile))
      expect(run.exitCode).toBe(0)
      expect(parsed(createdByCalls(run.calls))).toEqual(meaningOf(hostile))
    },
  )
})

function scriptOf(setup: RoleSetup, partition: AwsPartition = 'AWS'): string {
  return renderRecipes(setup, { partition, accountId: ACCOUNT, createOidcProvider: true }).awsCli
}

function commandsOf({ calls }: Pick<Run, 'calls'>): (string | undefined)[] {
  return calls.map(([, command]) => command)
}
