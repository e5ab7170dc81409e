import {
  CreateAliasCommand,
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionCommand,
  InvokeCommand,
  ListFunctionsCommand,
  PublishVersionCommand,
  paginateListFunctions,
} from '@aws-sdk/client-lambda'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type AwsEmulator, createAwsEmulator } from '../../emulator/emulator.ts'
import { functionsOf } from '../../emulator/lambda/lambda.state.ts'
import { administratorOf, clientsOf, pagesOf, refusalOf } from './clients.ts'

const accountId = '123456789012'
let emulator: AwsEmulator
let url: string

beforeEach(async () => {
  emulator = createAwsEmulator()
  url = await emulator.listen()
})
afterEach(() => emulator.close())

const clients = (region = 'us-east-1') => clientsOf(url, { region, credentials: administratorOf(accountId) })

const role = `arn:aws:iam::${accountId}:role/any`
const functionArn = `arn:aws:lambda:us-east-1:${accountId}:function:greet`
const create = (FunctionName: string, more: object = {}) =>
  clients().lambda.send(
    new CreateFunctionCommand({ FunctionName, Role: role, Runtime: 'nodejs22.x', Code: { ZipFile: Buffer.from('zip') }, ...more }),
  )
const invoke = (input: object, region?: string) => clients(region).lambda.send(new InvokeCommand({ FunctionName: functionArn, ...input }))

test('a created function is read, listed and deleted', async () => {
  const created = await create('greet', { Tags: { team: 'one' } })
  expect(created).toMatchObject({ FunctionArn: functionArn, Role: role, State: 'Active', Version: '$LATEST', CodeSize: 3 })
  const read = await clients().lambda.send(new GetFunctionCommand({ FunctionName: 'greet' }))
  expect(read).toMatchObject({ Configuration: { FunctionArn: functionArn }, Tags: { team: 'one' } })
  expect((await clients().lambda.send(new ListFunctionsCommand({}))).Functions).toMatchObject([{ FunctionArn: functionArn }])
  await clients().lambda.send(new DeleteFunctionCommand({ FunctionName: 'greet' }))
  expect((await clients().lambda.send(new ListFunctionsCommand({}))).Functions).toEqual([])
})

test('a dry run of an existing function answers 204 and runs nothing', async () => {
  await create('greet')
  expect(await invoke({ InvocationType: 'DryRun' })).toMatchObject({ StatusCode: 204 })
})

test('an invocation gives the event back, or what the test says the function answers', async () => {
  await create('greet')
  const Payload = Buffer.from('{"name":"Ada"}')
  const echoed = await invoke({ Payload })
  expect(echoed).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST' })
  expect(echoed.Payload?.transformToString()).toBe('{"name":"Ada"}')
  const functions = functionsOf(emulator.state.account(accountId), 'us-east-1')
  functions.put('greet', { ...functions.latest('greet')!, respond: (event) => `"Hello ${JSON.parse(event).name}"` }, Date.now())
  expect((await invoke({ Payload })).Payload?.transformToString()).toBe('"Hello Ada"')
})

test('a qualifier names a version or an alias that exists', async () => {
  await create('greet')
  await clients().lambda.send(new PublishVersionCommand({ FunctionName: 'greet' }))
  await clients().lambda.send(new CreateAliasCommand({ FunctionName: 'greet', Name: 'live', FunctionVersion: '1' }))
  for (const qualified of [{ Qualifier: 'live' }, { FunctionName: `${functionArn}:live` }, { Qualifier: '1' }]) {
    expect(await invoke(qualified)).toMatchObject({ StatusCode: 200, ExecutedVersion: '1' })
  }
  expect(await refusalOf(invoke({ Qualifier: '2', InvocationType: 'DryRun' }))).toMatchObject({
    name: 'ResourceNotFoundException',
    message: `Function not found: ${functionArn}:2`,
  })
})

const rows: { title: string; call: () => Promise<unknown>; name: string; status: number; message: RegExp }[] = [
  {
    title: 'a missing function',
    call: () => invoke({ FunctionName: 'none', InvocationType: 'DryRun' }),
    name: 'ResourceNotFoundException',
    status: 404,
    message: /^Function not found: arn:aws:lambda:us-east-1:123456789012:function:none$/,
  },
  {
    title: 'a function of another region',
    call: () => invoke({ InvocationType: 'DryRun' }, 'eu-west-1'),
    name: 'ResourceNotFoundException',
    status: 404,
    message: /not reachable in this region/,
  },
  {
    title: 'contradicting qualifiers',
    call: () => invoke({ FunctionName: `${functionArn}:1`, Qualifier: '2' }),
    name: 'InvalidParameterValueException',
    status: 400,
    message: /qualifier/,
  },
  {
    title: 'a function under a taken name',
    call: () => create('greet'),
    name: 'ResourceConflictException',
    status: 409,
    message: /already exist/,
  },
  {
    title: "another account's role",
    call: () => create('x', { Role: 'arn:aws:iam::210987654321:role/any' }),
    name: 'InvalidParameterValueException',
    status: 400,
    message: /Cross-account/,
  },
  {
    title: "another account's function",
    call: () => invoke({ FunctionName: functionArn.replace(accountId, '210987654321') }),
    name: 'AccessDeniedException',
    status: 403,
    message: /lambda:InvokeFunction.*no resource-based policy/,
  },
  { title: 'a broken name', call: () => create('a b'), name: 'ValidationException', status: 400, message: /functionName/ },
]
test.each(rows)('$title is refused', async ({ call, name, status, message }) => {
  await create('greet')
  const refusal = await refusalOf(call())
  expect(refusal).toMatchObject({ name, status })
  expect(refusal.message).toMatch(message)
})

test('lists are paged', async () => {
  for (let index = 0; index < 5; index++) await create(`f${index}`)
  const pages = await pagesOf(paginateListFunctions({ client: clients().lambda, pageSize: 2 }, {}))
  expect(pages.map((page) => page.Functions?.length)).toEqual([2, 2, 1])
})
