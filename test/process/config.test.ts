import { describe, expect, test } from 'vitest'
import { ConfigError, readConfig } from '../../src/config.ts'

const googleEmail = 'one@project.iam.gserviceaccount.com'
const googleAccount = `${googleEmail}:${'1'.repeat(21)}`

const keys = { GATEHOUSE_ADMIN_KEY: 'a'.repeat(32), GATEHOUSE_ENCRYPTION_KEYS: `k:${Buffer.alloc(32).toString('base64')}` }

test('without settings it listens on 127.0.0.1:4000 and brings its own database', () => {
  expect(readConfig({})).toMatchObject({
    host: '127.0.0.1',
    port: 4000,
    databaseUrl: null,
    publicUrl: 'http://127.0.0.1:4000',
    worker: 'inline',
  })
})

test('an empty variable is as good as none', () => {
  expect(readConfig({ PORT: '', DATABASE_URL: ' ', GATEHOUSE_PUBLIC_URL: '' })).toEqual(readConfig({}))
})

test('the public URL loses its trailing slash, since it is compared byte for byte', () => {
  expect(readConfig({ GATEHOUSE_PUBLIC_URL: 'https://gatehouse.example/base/' }).publicUrl).toBe('https://gatehouse.example/base')
})

describe('a wrong setting ends the start with a message that names it', () => {
  const table: [string, Record<string, string>, string[]][] = [
    ['a port that is none', { PORT: 'http' }, ['PORT']],
    ['a port out of range', { PORT: '70000' }, ['PORT']],
    ['a database that is not PostgreSQL', { DATABASE_URL: 'mysql://x', ...keys }, ['DATABASE_URL']],
    ['a database without keys', { DATABASE_URL: 'postgresql://x' }, ['GATEHOUSE_ADMIN_KEY', 'GATEHOUSE_ENCRYPTION_KEYS']],
    ['a short administrator key', { GATEHOUSE_ADMIN_KEY: 'short' }, ['GATEHOUSE_ADMIN_KEY']],
    ['three administrator keys', { GATEHOUSE_ADMIN_KEY: Array(3).fill('a'.repeat(32)).join(',') }, ['GATEHOUSE_ADMIN_KEY']],
    ['a public URL without scheme', { GATEHOUSE_PUBLIC_URL: 'gatehouse.example' }, ['GATEHOUSE_PUBLIC_URL']],
    ['an identity mode that is not there', { GATEHOUSE_IDENTITY: 'azure' }, ['GATEHOUSE_IDENTITY']],
    ['Google without accounts', { GATEHOUSE_IDENTITY: 'google' }, ['GATEHOUSE_GOOGLE_SERVICE_ACCOUNTS', 'GATEHOUSE_GOOGLE_DECOY_ACCOUNT']],
    ['a Google account without its unique id', { GATEHOUSE_GOOGLE_SERVICE_ACCOUNTS: googleEmail }, ['GATEHOUSE_GOOGLE_SERVICE_ACCOUNTS']],
    [
      'a Google account twice',
      { GATEHOUSE_GOOGLE_SERVICE_ACCOUNTS: `${googleAccount},${googleAccount}` },
      ['GATEHOUSE_GOOGLE_SERVICE_ACCOUNTS'],
    ],
    [
      'a decoy that an organization may get',
      { GATEHOUSE_IDENTITY: 'google', GATEHOUSE_GOOGLE_SERVICE_ACCOUNTS: googleAccount, GATEHOUSE_GOOGLE_DECOY_ACCOUNT: googleAccount },
      ['GATEHOUSE_GOOGLE_DECOY_ACCOUNT'],
    ],
    ['a worker mode that is not there', { GATEHOUSE_WORKER: 'on' }, ['GATEHOUSE_WORKER']],
    ['a quota that is not there', { GATEHOUSE_QUOTAS: 'unicorns=1' }, ['GATEHOUSE_QUOTAS']],
    ['a DNS server that is none', { GATEHOUSE_DNS_SERVERS: '192.0.2.53:dns' }, ['GATEHOUSE_DNS_SERVERS']],
    [
      'times that are none, too short or too long',
      { GATEHOUSE_SSO_POLL_SECONDS: '3601', GATEHOUSE_SSO_EXPIRES_SECONDS: '0' },
      ['GATEHOUSE_SSO_POLL_SECONDS', 'GATEHOUSE_SSO_EXPIRES_SECONDS'],
    ],
    ['an address of Vault without token', { GATEHOUSE_VAULT_ADDR: 'https://vault.example' }, ['GATEHOUSE_VAULT_TOKEN']],
    ['a token of Vault without address', { GATEHOUSE_VAULT_TOKEN: 'hvs.x' }, ['GATEHOUSE_VAULT_ADDR']],
    [
      'an address and a token of Vault that are none',
      { GATEHOUSE_VAULT_ADDR: 'https://user:secret@vault.example', GATEHOUSE_VAULT_TOKEN: 'two words' },
      ['GATEHOUSE_VAULT_ADDR', 'GATEHOUSE_VAULT_TOKEN'],
    ],
    [
      'an address of Vault with a query',
      { GATEHOUSE_VAULT_ADDR: 'https://vault.example/?a', GATEHOUSE_VAULT_TOKEN: 'hvs.x' },
      ['GATEHOUSE_VAULT_ADDR'],
    ],
    ['an endpoint that is no URL', { AWS_ENDPOINT_URL: 'localhost' }, ['AWS_ENDPOINT_URL']],
    ['several at once', { PORT: '-1', GATEHOUSE_WORKER: 'x', AWS_ENDPOINT_URL: 'x' }, ['PORT', 'GATEHOUSE_WORKER', 'AWS_ENDPOINT_URL']],
  ]
  test.each(table)('%s', (_name, env, named) => {
    const read = () => readConfig(env)
    expect(read).toThrow(ConfigError)
    for (const variable of named) expect(read).toThrow(variable)
  })

  test('a message never repeats a key', () => {
    const secret = 'hunter2hunter2'
    expect(() => readConfig({ GATEHOUSE_ADMIN_KEY: secret, PORT: 'x' })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(secret) }),
    )
  })
})
