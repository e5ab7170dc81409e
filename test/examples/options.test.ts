import { describe, expect, it } from 'vitest'
import { readOptions } from '../../examples/onboard-aws/options.ts'
import { main } from '../../examples/onboard-aws.ts'

const key = { GATEHOUSE_KEY: 'gh_key_x' }
const admin = { GATEHOUSE_ADMIN_KEY: 'a'.repeat(40) }
const standIn = { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' }
const args = ['--accounts', 'a.csv', '--dry-run']

describe('a command line that cannot be followed is refused with every reason, and nothing is sent', () => {
  it.each([
    { with: [], env: key, says: ['--accounts FILE', '--apply, --recipes DIR'] },
    { with: ['--accounts', 'a.csv'], env: key, says: ['--apply, --recipes DIR'] },
    { with: args, env: {}, says: ['GATEHOUSE_KEY'] },
    { with: args, env: admin, says: ['--organization SLUG'] },
    { with: ['--accounts', 'a.csv', '--apply'], env: key, says: ['--aws-role NAME, or AWS_ENDPOINT_URL'] },
    { with: [...args, '--kinds', 'INVENTORY,BASE,FUNCTION_CALLER'], env: key, says: ['BASE, FUNCTION_CALLER is none of'] },
    { with: [...args, '--concurrency', '0'], env: key, says: ['--concurrency must be'] },
    { with: [...args, '--concurrency', '1.5', '--patience', 'long'], env: key, says: ['--concurrency must be', '--patience must be'] },
    { with: [...args, '--url', 'localhost:4000'], env: key, says: ['--url must be'] },
    { with: [...args, '--aply'], env: key, says: ["'--aply'"] },
    { with: [...args, 'accounts.csv'], env: key, says: ["'accounts.csv'"] },
  ])('$with', async ({ with: given, env, says }) => {
    let text = ''
    const fetch = () => Promise.reject(new Error('something was sent'))
    expect(await main(given, { env, fetch, output: { write: (part) => (text += part) } })).toBe(2)
    for (const part of says) expect(text).toContain(part)
  })
})

it('without further options three kinds are installed, through the server of this machine', () => {
  expect(readOptions(args, key)).toEqual({
    accountsFile: 'a.csv',
    url: 'http://127.0.0.1:4000',
    key: { text: 'gh_key_x', isAdmin: false },
    organization: null,
    kinds: ['IAM_ASSESSMENT', 'IAM_WRITE', 'INVENTORY'],
    apply: null,
    recipesFolder: null,
    concurrency: 8,
    patienceMs: 60_000,
    isDryRun: true,
  })
})

it('roles are made in the AWS stand-in of the environment, and in AWS itself only through a role that is named', () => {
  const apply = ['--accounts', 'a.csv', '--apply']
  expect(readOptions(apply, { ...key, ...standIn }).apply).toEqual({ endpointUrl: standIn.AWS_ENDPOINT_URL, roleName: null })
  expect(readOptions([...apply, '--aws-role', 'Admin'], key).apply).toEqual({ endpointUrl: null, roleName: 'Admin' })
})

it('an organization’s key comes before the administrator’s', () => {
  expect(readOptions(args, { ...key, ...admin }).key).toEqual({ text: 'gh_key_x', isAdmin: false })
})

it('--help explains every option', async () => {
  let text = ''
  expect(await main(['--help'], { env: {}, output: { write: (part) => (text += part) } })).toBe(0)
  for (const option of ['accounts', 'url', 'organization', 'kinds', 'apply', 'aws-role', 'recipes', 'concurrency', 'patience', 'dry-run']) {
    expect(text).toContain(`--${option}`)
  }
})
