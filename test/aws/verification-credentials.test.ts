import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createVerifier } from '../../src/aws/verification/verify.ts'
import { queryRefusal, type TappedCall } from '../support/wiretap.ts'
import { applySetup, openStage, prepareKind, ROLE_KINDS, requestOf, type Stage } from './verification-stage.ts'

let stage: Stage
let trap: Server
let trapped: string[] = []
let directory: string

/** Everything that could lead an SDK to the operator's own credentials, settings or endpoints. */
beforeAll(async () => {
  trap = createServer((request, response) => {
    trapped.push(`${request.method} ${request.url}`)
    response.writeHead(500).end()
  })
  await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve))
  const trapUrl = `http://127.0.0.1:${(trap.address() as AddressInfo).port}`
  stage = await openStage()
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-poison-'))
  const lines = ['aws_access_key_id = AKIAPOISONPROFILE', 'aws_secret_access_key = poison', `endpoint_url = ${trapUrl}`]
  const settings = ['use_fips_endpoint = true', 'defaults_mode = auto', 'max_attempts = 1', 'region = eu-poison-1']
  writeFileSync(join(directory, 'config'), ['[default]', ...lines, ...settings, ''].join('\n'))
  const environment = {
    AWS_ACCESS_KEY_ID: 'AKIAPOISON',
    AWS_SECRET_ACCESS_KEY: 'poison-secret',
    AWS_SESSION_TOKEN: 'poison-session',
    AWS_REGION: 'eu-poison-1',
    AWS_DEFAULT_REGION: 'eu-poison-1',
    AWS_DEFAULTS_MODE: 'auto',
    AWS_USE_FIPS_ENDPOINT: 'true',
    AWS_MAX_ATTEMPTS: '1',
    AWS_ENDPOINT_URL: trapUrl,
    AWS_ENDPOINT_URL_STS: trapUrl,
    AWS_ENDPOINT_URL_IAM: trapUrl,
    AWS_CONFIG_FILE: join(directory, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(directory, 'config'),
    AWS_EC2_METADATA_SERVICE_ENDPOINT: trapUrl,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${trapUrl}/container`,
    AWS_WEB_IDENTITY_TOKEN_FILE: join(directory, 'config'),
    AWS_ROLE_ARN: 'arn:aws:iam::999999999999:role/poison',
  }
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
})
afterEach(() => {
  stage.tap.reset()
  trapped = []
})
afterAll(async () => {
  vi.unstubAllEnvs()
  rmSync(directory, { recursive: true })
  trap.close()
  await stage.close()
})

const identity = () => stage.issuer.identityOf('org_one')
const poisoned = ({ headers, body }: TappedCall) => /poison/i.test(JSON.stringify(headers) + body)

test.each(ROLE_KINDS)("a verification of %s uses the role's session alone, whatever the environment offers", async (kind) => {
  // The customer's clients are ordinary ones, which the environment would lead astray.
  const { tap, issuer } = stage
  const request = requestOf(identity(), kind)
  await withoutPoison(async () => {
    await applySetup(stage, request)
    await prepareKind(stage, request)
  })
  const sessions = new Set<string>()
  tap.rewrite = (_call, body) => {
    for (const [, key] of body.matchAll(/<AccessKeyId>([^<]+)/g)) if (key !== undefined) sessions.add(key)
    return body
  }
  const verifier = createVerifier({ endpointUrl: tap.url, awsRegion: null, consistencyWaitsMs: [1] }, issuer)
  const report = await verifier.verify(request)
  verifier.close()
  expect(report.outcome).toBe('PASSED')
  expect(trapped).toEqual([])
  expect(tap.calls.filter(poisoned)).toEqual([])
  const keyed = tap.calls.filter(({ operation }) => operation !== 'AssumeRoleWithWebIdentity')
  expect(keyed.length).toBeGreaterThanOrEqual(5)
  for (const { accessKeyId } of keyed) expect(sessions).toContain(accessKeyId)
})

test('AssumeRoleWithWebIdentity is sent unsigned, for 900 s, under a session name of the component', async () => {
  await stage.verify(requestOf(identity(), 'INVENTORY', { componentId: `component/${'ä'.repeat(3)}${'x'.repeat(80)}` }))
  const [call] = stage.tap.calls
  expect(call).toMatchObject({ operation: 'AssumeRoleWithWebIdentity', accessKeyId: null })
  expect(call?.headers).not.toHaveProperty('authorization')
  expect(call?.headers).not.toHaveProperty('x-amz-security-token')
  expect(call?.params.get('DurationSeconds')).toBe('900')
  const sessionName = call?.params.get('RoleSessionName') ?? ''
  expect(sessionName).toMatch(/^gatehouse-component----x+$/)
  expect(sessionName).toHaveLength(64)
})

describe('what AWS says is told', () => {
  const request = () => requestOf(identity(), 'INVENTORY')

  test('without the token and the credentials it may quote, in one printable line of bounded length', async () => {
    const logged: unknown[] = []
    const log = { warn: (...entry: unknown[]) => void logged.push(entry) }
    const verifier = createVerifier({ endpointUrl: stage.tap.url, awsRegion: null, consistencyWaitsMs: [], log }, stage.issuer)
    const staged = request()
    await withoutPoison(() => applySetup(stage, staged))
    const secrets: string[] = []
    stage.tap.rewrite = (_call, body) => {
      secrets.push(...[...body.matchAll(/<(?:AccessKeyId|SecretAccessKey|SessionToken)>([^<]+)/g)].map(([, secret = '']) => secret))
      return body
    }
    const quoting = (code: string, status: number) => {
      const quoted = [...secrets, ...secrets.map(encodeURIComponent), ...stage.issuer.issued].join('\n')
      return queryRefusal(code, `bell \u0007 tab \t ${quoted} end \u202e${'😀'.repeat(5_000)}`.replaceAll('\u0007', '&#7;'), status)
    }
    stage.tap.answer = ({ operation }) =>
      operation === 'GetRole' ? quoting('AccessDenied', 403) : operation === 'GetRolePolicy' ? quoting('ServiceFailure', 500) : null
    const report = await verifier.verify(staged)
    verifier.close()
    expect(report.outcome).toBe('UNREACHABLE')
    expect(secrets.length).toBeGreaterThanOrEqual(3)
    const said = JSON.stringify([report, logged])
    for (const secret of [...secrets, ...stage.issuer.issued]) {
      expect(said).not.toContain(secret)
      expect(said).not.toContain(encodeURIComponent(secret))
    }
    expect(said).toContain('[redacted]')
    const texts = report.checks.flatMap(({ message, expected, actual, remediation }) => [message, expected, actual, remediation])
    for (const text of [...texts, report.upstream?.message]) {
      expect(text?.length ?? 0).toBeLessThanOrEqual(2_000)
      expect(text ?? '').not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u)
    }
    expect(logged).toHaveLength(1)
  })

  test('also where it refuses the token itself', async () => {
    stage.tap.answer = ({ params }) => queryRefusal('ValidationError', `Value ${params.get('WebIdentityToken')} failed`)
    const report = await stage.verify(request())
    expect(report.outcome).toBe('FAILED')
    expect(JSON.stringify(report)).not.toContain('eyJ')
  })
})

async function withoutPoison<T>(act: () => Promise<T>): Promise<T> {
  const saved = Object.entries(process.env).filter(([name]) => name.startsWith('AWS_'))
  for (const [name] of saved) delete process.env[name]
  try {
    return await act()
  } finally {
    for (const [name, value] of saved) process.env[name] = value
  }
}
