import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { exportPKCS8, generateKeyPair } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AwsIdentity } from '../../src/aws/aws.type.ts'
import { IdentityUnusable } from '../../src/aws/identity-unusable.ts'
import { createAccessTokens, readKeyFile } from '../../src/identity/google/access-token.ts'
import { createGoogleTokens } from '../../src/identity/google/google-tokens.ts'
import { tokenSources } from '../../src/identity/token-sources.ts'
import { type GoogleStandIn, startGoogle } from '../support/google.ts'
import { startOidcIssuer } from '../support/oidc-issuer.ts'

let google: GoogleStandIn
let folder: string
beforeAll(async () => {
  google = await startGoogle()
  folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-google-'))
})
afterAll(async () => {
  await google.close()
  await rm(folder, { recursive: true, force: true })
})

const write = async (name: string, content: unknown) => {
  const file = path.join(folder, name)
  await writeFile(file, JSON.stringify(content))
  return file
}

test("a key file's account is given a token for a signed assertion, once as long as that lives", async () => {
  const key = await readKeyFile(await write('key.json', await google.keyFile()))
  const tokens = createAccessTokens({ key, metadataHost: 'nowhere.invalid' })
  const first = await tokens.get()
  expect(google.accessTokens).toEqual([first])
  expect(await tokens.get()).toBe(first)
  expect(await tokens.get({ fresh: true })).not.toBe(first)
})

test('a key that Google does not know is told as what the operator has to mend', async () => {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const key = await readKeyFile(await write('foreign.json', { ...(await google.keyFile()), private_key: await exportPKCS8(privateKey) }))
  const refused = createAccessTokens({ key, metadataHost: 'nowhere.invalid' }).get()
  await expect(refused).rejects.toBeInstanceOf(IdentityUnusable)
  await expect(refused).rejects.toThrow('Invalid JWT Signature')
})

test.each([
  ['of another kind', { type: 'authorized_user', client_id: 'x' }],
  ['without a key', { type: 'service_account', client_email: 'a@b.c', token_uri: 'https://oauth2.googleapis.com/token' }],
])('a key file %s is refused with its name', async (_name, content) => {
  const file = await write('odd.json', content)
  await expect(readKeyFile(file)).rejects.toThrow(`${file} is no key file of a Google service account`)
})

test('a machine without a metadata server is told of both ways', async () => {
  const refused = createAccessTokens({ key: null, metadataHost: '127.0.0.1:9' }).get()
  await expect(refused).rejects.toThrow(/metadata server did not answer.*GOOGLE_APPLICATION_CREDENTIALS/)
})

const identity = (subject: string): AwsIdentity => ({
  mode: 'google',
  organizationId: 'org_one',
  issuer: 'accounts.google.com',
  subject,
  audience: subject,
})

test('an organization whose account left the list, or whose server lost the mode, is told what to set', async () => {
  const { accounts, decoy, url } = google
  const accessTokens = createAccessTokens({ key: null, metadataHost: new URL(url).host })
  const issuer = await startOidcIssuer()
  const tokens = createGoogleTokens({ accounts, decoy, endpointUrl: url, accessTokens })
  const both = tokenSources(issuer, tokens)
  const own = identity(accounts[0]?.uniqueId ?? '')
  expect(both.identityProblem('accounts.google.com', own)).toBeNull()
  const gone = identity('1'.repeat(21))
  expect(both.identityProblem('accounts.google.com', gone)?.remediation).toContain('GATEHOUSE_GOOGLE_SERVICE_ACCOUNTS')
  await expect(both.token(gone)).rejects.toThrow('not of an account this server has')
  // The decoy is nobody's account, whatever stands in the database.
  expect(both.identityProblem('accounts.google.com', identity(decoy.uniqueId))).not.toBeNull()
  expect(tokenSources(issuer, null).identityProblem('accounts.google.com', own)?.remediation).toContain('GATEHOUSE_IDENTITY')
  expect(both.identityProblem(issuer.url, own)?.remediation).toContain('Stage the component again')
  expect(both.identityProblem(issuer.url, issuer.identityOf('org_two'))).toBeNull()
  expect(google.asked).toEqual([])
  await issuer.close()
})
