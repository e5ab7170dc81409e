import { ListEventDataStoresCommand } from '@aws-sdk/client-cloudtrail'
import {
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  GetOpenIDConnectProviderCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  type IAMClient,
  ListAccountAliasesCommand,
  ListRolesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam'
import { ListFunctionsCommand } from '@aws-sdk/client-lambda'
import { ListIndexesCommand } from '@aws-sdk/client-resource-explorer-2'
import { ListInstancesCommand } from '@aws-sdk/client-sso-admin'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AwsEmulator, createAwsEmulator } from '../../emulator/emulator.ts'
import type { FaultInput } from '../../emulator/faults.ts'
import { administratorOf, clientsOf, refusalOf } from './clients.ts'
import { allow, policy, servicePrincipal } from './documents.ts'

const accountId = '123456789012'
let emulator: AwsEmulator
let clients: ReturnType<typeof clientsOf>
let iam: IAMClient
let url: string
let nowMs: number
let drawn: number[]

beforeEach(async () => {
  nowMs = Date.now()
  drawn = []
  emulator = createAwsEmulator({ now: () => nowMs, random: () => drawn.shift() ?? 0 })
  url = await emulator.listen()
  clients = clientsOf(url, { credentials: administratorOf(accountId) })
  iam = clients.iam
})
afterEach(() => emulator.close())

const aliases = (client = iam) => client.send(new ListAccountAliasesCommand({}))

describe('a fault', () => {
  test('silent: the call is accepted and never answered', async () => {
    emulator.faults.add({ kind: 'silent', times: 1 })
    const abort = new AbortController()
    const call = iam.send(new ListAccountAliasesCommand({}), { abortSignal: abort.signal })
    const first = await Promise.race([call.catch(() => 'ended'), new Promise((resolve) => setTimeout(resolve, 250, 'waiting'))])
    expect(first).toBe('waiting')
    abort.abort()
    expect(await refusalOf(call)).toMatchObject({ name: 'AbortError' })
    await expect(aliases()).resolves.toBeDefined()
  })

  test('slow: the answer is right, but late', async () => {
    emulator.faults.add({ kind: 'slow', delayMs: 200 })
    const started = performance.now()
    await expect(aliases()).resolves.toMatchObject({ AccountAliases: [] })
    expect(performance.now() - started).toBeGreaterThanOrEqual(195)
  })

  test('reset: the connection ends without an answer', async () => {
    emulator.faults.add({ kind: 'reset' })
    expect((await refusalOf(aliases())).message).toMatch(/ECONNRESET|socket hang up/)
  })

  test('throttle: a client that retries comes through after the throttled calls', async () => {
    emulator.faults.add({ kind: 'throttle', times: 2 })
    const patient = clientsOf(url, { credentials: administratorOf(accountId), maxAttempts: 3 })
    await expect(aliases(patient.iam)).resolves.toMatchObject({ $metadata: { attempts: 3 } })
  })

  test.each([
    ['sts', () => clients.sts.send(new GetCallerIdentityCommand({})), ['Throttling', 400], ['AccessDenied', 403], ['InternalFailure', 500]],
    ['iam', () => aliases(), ['Throttling', 400], ['AccessDenied', 403], ['ServiceFailureException', 500]],
    [
      'cloudtrail',
      () => clients.cloudTrail.send(new ListEventDataStoresCommand({})),
      ['ThrottlingException', 400],
      ['AccessDeniedException', 400],
      ['InternalFailure', 500],
    ],
    [
      'sso',
      () => clients.identityCenter.send(new ListInstancesCommand({})),
      ['ThrottlingException', 400],
      ['AccessDeniedException', 400],
      ['InternalServerException', 500],
    ],
    [
      'lambda',
      () => clients.lambda.send(new ListFunctionsCommand({})),
      ['TooManyRequestsException', 429],
      ['AccessDeniedException', 403],
      ['ServiceException', 500],
    ],
    [
      'resource-explorer-2',
      () => clients.resourceExplorer.send(new ListIndexesCommand({})),
      ['ThrottlingException', 429],
      ['AccessDeniedException', 403],
      ['InternalServerException', 500],
    ],
  ] as const)('throttle, refuse and error500 look as %s makes them', async (service, call, throttled, refused, failed) => {
    const kinds = [
      ['throttle', throttled],
      ['refuse', refused],
      ['error500', failed],
    ] as const
    for (const [kind, [name, status]] of kinds) {
      const id = emulator.faults.add({ kind, service })
      expect(await refusalOf(call())).toMatchObject({ name, status })
      expect(emulator.faults.remove(id)).toBe(true)
    }
    await expect(call()).resolves.toBeDefined()
  })

  test('throttle: with the status that is asked for', async () => {
    emulator.faults.add({ kind: 'throttle', httpStatus: 503 })
    expect(await refusalOf(aliases())).toMatchObject({ name: 'Throttling', status: 503 })
  })
})

describe('a fault strikes only', () => {
  test.each<[string, Partial<FaultInput>, boolean]>([
    ['every call when nothing else is said', {}, true],
    ['its service', { service: 'iam' }, true],
    ['its operation', { operation: 'ListAccountAliases' }, true],
    ['its account', { accountId }, true],
    ['no call of another service', { service: 'lambda' }, false],
    ['no other operation', { operation: 'GetRole' }, false],
    ['no other account', { accountId: '210987654321' }, false],
  ])('%s', async (_title, where, isStruck) => {
    emulator.faults.add({ kind: 'refuse', ...where } as FaultInput)
    if (isStruck) expect(await refusalOf(aliases())).toMatchObject({ name: 'AccessDenied' })
    else await expect(aliases()).resolves.toBeDefined()
  })

  test('as often as it says', async () => {
    emulator.faults.add({ kind: 'refuse', times: 2 })
    for (const _ of [1, 2]) expect(await refusalOf(aliases())).toMatchObject({ name: 'AccessDenied' })
    await expect(aliases()).resolves.toBeDefined()
    expect(emulator.faults.list()).toEqual([])
  })

  test('the share of calls that it says', async () => {
    emulator.faults.add({ kind: 'refuse', probability: 0.5 })
    drawn = [0.49, 0.5]
    expect(await refusalOf(aliases())).toMatchObject({ name: 'AccessDenied' })
    await expect(aliases()).resolves.toBeDefined()
  })
})

describe('what is written late becomes visible', () => {
  const delayMs = 2000
  const visibility = (operation: string) => emulator.faults.add({ kind: 'delayVisibility', delayVisibilityMs: delayMs, operation })
  const createRole = () =>
    iam.send(new CreateRoleCommand({ RoleName: 'R', AssumeRolePolicyDocument: servicePrincipal('lambda.amazonaws.com') }))
  const missing = { name: 'NoSuchEntityException' }

  test('a role: readers find it after the delay, writers at once', async () => {
    visibility('CreateRole')
    await createRole()
    const read = () => iam.send(new GetRoleCommand({ RoleName: 'R' }))
    expect(await refusalOf(read())).toMatchObject(missing)
    expect((await iam.send(new ListRolesCommand({}))).Roles).toEqual([])
    expect(await refusalOf(createRole())).toMatchObject({ name: 'EntityAlreadyExistsException' })
    nowMs += delayMs - 1
    expect(await refusalOf(read())).toMatchObject(missing)
    nowMs += 1
    await expect(read()).resolves.toBeDefined()
    expect((await iam.send(new ListRolesCommand({}))).Roles).toHaveLength(1)
  })

  test('a policy: until then readers see the one before', async () => {
    await createRole()
    const put = (action: string) => {
      const document = policy(allow(action))
      return iam.send(new PutRolePolicyCommand({ RoleName: 'R', PolicyName: 'P', PolicyDocument: document }))
    }
    const read = async () => {
      const { PolicyDocument } = await iam.send(new GetRolePolicyCommand({ RoleName: 'R', PolicyName: 'P' }))
      return JSON.parse(decodeURIComponent(PolicyDocument ?? '')).Statement[0].Action
    }
    await put('s3:GetObject')
    visibility('PutRolePolicy')
    await put('s3:PutObject')
    expect(await read()).toBe('s3:GetObject')
    nowMs += delayMs
    expect(await read()).toBe('s3:PutObject')
  })

  test('an OIDC provider', async () => {
    visibility('CreateOpenIDConnectProvider')
    const { OpenIDConnectProviderArn } = await iam.send(new CreateOpenIDConnectProviderCommand({ Url: 'https://a.example' }))
    const read = () => iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }))
    expect(await refusalOf(read())).toMatchObject(missing)
    nowMs += delayMs
    await expect(read()).resolves.toBeDefined()
  })
})

describe('requests are counted', () => {
  test('by operation and account, refused ones too, until reset', async () => {
    await aliases()
    await aliases()
    await refusalOf(iam.send(new GetRoleCommand({ RoleName: 'X' })))
    const { requests } = emulator
    expect(requests.count()).toBe(3)
    expect(requests.count({ service: 'iam', operation: 'ListAccountAliases', accountId })).toBe(2)
    expect(requests.count({ accountId: '210987654321' })).toBe(0)
    expect(requests.recent().map(({ operation, outcome }) => [operation, outcome])).toEqual([
      ['ListAccountAliases', 200],
      ['ListAccountAliases', 200],
      ['GetRole', 404],
    ])
    requests.reset()
    expect(requests.count()).toBe(0)
  })

  test('as many at once as were under way together in an account', async () => {
    emulator.faults.add({ kind: 'slow', delayMs: 100 })
    await Promise.all([aliases(), aliases(), aliases()])
    expect(emulator.requests.mostAtOnce(accountId)).toBe(3)
    emulator.requests.reset()
    await aliases()
    expect(emulator.requests.mostAtOnce(accountId)).toBe(1)
  })
})

test('close ends silent and slow calls at once', async () => {
  emulator.faults.add({ kind: 'silent', operation: 'ListAccountAliases' })
  emulator.faults.add({ kind: 'slow', delayMs: 60_000, operation: 'ListRoles' })
  const calls = [refusalOf(aliases()), refusalOf(iam.send(new ListRolesCommand({})))]
  await expect.poll(() => emulator.requests.count()).toBe(2)
  const started = performance.now()
  await emulator.close()
  expect(await Promise.all(calls)).toHaveLength(2)
  expect(performance.now() - started).toBeLessThan(2000)
})
