import { request as httpRequest } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AwsEmulator, createAwsEmulator } from '../../emulator/emulator.ts'

const accountId = '123456789012'
let emulator: AwsEmulator
let url: string

beforeEach(async () => {
  emulator = createAwsEmulator()
  url = await emulator.listen()
})
afterEach(() => emulator.close())

const credential = (service: string, key = `AKIA${accountId}`) => `${key}/20260101/us-east-1/${service}/aws4_request`
const signed = (service: string) => ({
  authorization: `AWS4-HMAC-SHA256 Credential=${credential(service)}, SignedHeaders=host, Signature=0`,
})

async function send(init: RequestInit & { path?: string }): Promise<{ status: number; headers: Headers; text: string }> {
  const response = await fetch(`${url}${init.path ?? '/'}`, init)
  return { status: response.status, headers: response.headers, text: await response.text() }
}

const query = (service: string, form: string) =>
  send({ method: 'POST', body: form, headers: { ...signed(service), 'content-type': 'application/x-www-form-urlencoded' } })

describe('the Query protocol', () => {
  test('answers XML of the service with a request id in header and body', async () => {
    const { status, headers, text } = await query('sts', 'Action=GetCallerIdentity&Version=2011-06-15')
    const requestId = headers.get('x-amzn-requestid')
    expect([status, headers.get('content-type')]).toEqual([200, 'text/xml'])
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/)
    expect(text).toBe(
      `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><UserId>AIDA${accountId}ADMIN</UserId><Account>${accountId}</Account><Arn>arn:aws:iam::${accountId}:user/administrator</Arn></GetCallerIdentityResult><ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></GetCallerIdentityResponse>`,
    )
  })

  test('refuses in XML, with everything that a caller sent escaped', async () => {
    const { status, headers, text } = await query(
      'iam',
      `Action=GetRole&Version=2010-05-08&RoleName=${encodeURIComponent('x'.repeat(64) + '<&"')}`,
    )
    expect(status).toBe(400)
    expect(text).toMatch(
      /^<ErrorResponse xmlns="https:\/\/iam\.amazonaws\.com\/doc\/2010-05-08\/"><Error><Type>Sender<\/Type><Code>ValidationError<\/Code><Message>/,
    )
    expect(text).toContain(`<RequestId>${headers.get('x-amzn-requestid')}</RequestId></ErrorResponse>`)
    const unknown = await query('iam', `Action=${encodeURIComponent('<b>&')}&Version=2010-05-08`)
    expect(unknown.text).toContain('<Code>InvalidAction</Code><Message>Could not find operation &lt;b&gt;&amp;</Message>')
  })

  test('reads a presigned GET, as some services check who a caller is', async () => {
    const presigned = new URLSearchParams({ Action: 'GetCallerIdentity', Version: '2011-06-15', 'X-Amz-Credential': credential('sts') })
    const { status, text } = await send({ path: `/?${presigned}` })
    expect([status, text.includes(`<Account>${accountId}</Account>`)]).toEqual([200, true])
  })
})

describe('the JSON protocols', () => {
  test('JSON 1.1 gives times as seconds and names a refusal in __type', async () => {
    const call = (target: string, body: string) =>
      send({ method: 'POST', body, headers: { ...signed('cloudtrail'), 'x-amz-target': target } })
    const created = await call('com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.CreateEventDataStore', '{"Name":"store"}')
    expect(created.headers.get('content-type')).toBe('application/x-amz-json-1.1')
    expect(Math.abs(JSON.parse(created.text).CreatedTimestamp - Date.now() / 1000)).toBeLessThan(10)
    const missing = await call('CloudTrail_20131101.GetEventDataStore', '{"EventDataStore":"none"}')
    expect([missing.status, JSON.parse(missing.text)]).toEqual([
      400,
      { __type: 'EventDataStoreNotFoundException', message: 'The specified event data store was not found.' },
    ])
  })

  test('REST JSON gives times as text and names a refusal in a header', async () => {
    const headers = { ...signed('access-analyzer'), 'content-type': 'application/json' }
    await send({ method: 'PUT', path: '/analyzer', body: '{"analyzerName":"a","type":"ACCOUNT"}', headers })
    const found = await send({ path: '/analyzer/a', headers })
    expect(JSON.parse(found.text).analyzer.createdAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    const missing = await send({ path: '/analyzer/b', headers })
    expect([missing.status, missing.headers.get('x-amzn-errortype')]).toEqual([404, 'ResourceNotFoundException'])
    expect(JSON.parse(missing.text)).toEqual({ message: 'Analyzer b could not be found', resourceId: 'b', resourceType: 'Analyzer' })
  })

  test.each(['{', '[]', '"text"', 'null'])('a body of %s is refused, not stumbled over', async (body) => {
    const headers = { ...signed('sso'), 'x-amz-target': 'SWBExternalService.ListInstances' }
    const { status, text } = await send({ method: 'POST', body, headers })
    expect([status, JSON.parse(text).__type]).toEqual([400, 'ValidationException'])
  })

  test('a dry run of Lambda answers 204 without body or length', async () => {
    const headers = { ...signed('lambda'), 'content-type': 'application/json' }
    const body = JSON.stringify({ FunctionName: 'f', Role: `arn:aws:iam::${accountId}:role/r`, Code: {} })
    expect((await send({ method: 'POST', path: '/2015-03-31/functions', body, headers })).status).toBe(201)
    const dryRun = { ...headers, 'x-amz-invocation-type': 'DryRun' }
    const answer = await send({ method: 'POST', path: '/2015-03-31/functions/f/invocations', body: '[1]', headers: dryRun })
    expect([answer.status, answer.text, answer.headers.get('content-length')]).toEqual([204, '', null])
  })
})

describe('a request is refused in the form of the service that it means', () => {
  test.each<[string, RequestInit & { path?: string }, number, string]>([
    ['unsigned IAM', { method: 'POST', body: 'Action=ListRoles&Version=2010-05-08' }, 403, '<Code>MissingAuthenticationToken</Code>'],
    ['unsigned Access Analyzer', { path: '/analyzer' }, 403, 'missing Authentication Token'],
    [
      'unsigned CloudTrail',
      { method: 'POST', headers: { 'x-amz-target': 'X.ListEventDataStores' } },
      400,
      'MissingAuthenticationTokenException',
    ],
    ['an operation unknown to REST', { path: '/nothing', headers: signed('lambda') }, 404, 'Could not find operation GET /nothing'],
    [
      'an operation unknown to JSON',
      { method: 'POST', headers: { ...signed('sso'), 'x-amz-target': 'X.Y' } },
      400,
      'UnknownOperationException',
    ],
    ['a service unknown here', { method: 'POST', headers: signed('dynamodb') }, 404, 'UnknownOperationException'],
    ['nothing at all', {}, 404, 'UnknownOperationException'],
  ])('%s', async (_title, init, status, expected) => {
    const answer = await send(init)
    expect(answer.status).toBe(status)
    expect(answer.text).toContain(expected)
  })
})

test('a client that goes away in the middle of its request disturbs nobody', async () => {
  const headers = { ...signed('iam'), 'content-length': '1000' }
  const half = httpRequest(url, { method: 'POST', headers })
  half.on('error', () => undefined)
  half.write('Action=ListRoles')
  await new Promise((resolve) => setTimeout(resolve, 50))
  half.destroy()
  expect((await query('sts', 'Action=GetCallerIdentity&Version=2011-06-15')).status).toBe(200)
})
