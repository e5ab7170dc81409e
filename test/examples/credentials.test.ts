import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createAwsEmulator } from '../../emulator/emulator.ts'
import { iamOf } from '../../emulator/iam/iam.state.ts'
import { parseCredentials, readCredentials } from '../../examples/sync-aws/credentials.ts'
import { main } from '../../examples/sync-aws.ts'
import { makeFolder } from './onboarding.ts'
import { keysFile, secret } from './syncing.ts'

const id = 'AKIA111122223333'
const [first, second] = [
  { accountName: 'prod', accessKeyId: id, secretAccessKey: secret },
  { accountName: 'Dev, the "old" one', accessKeyId: 'AKIA000000000042', secretAccessKey: `${secret}2` },
]

describe('a file of access keys names the same ones', () => {
  it.each([
    ['in CSV', `account name,access key id,secret access key\nprod,${id},${secret}\n"Dev, the ""old"" one",AKIA000000000042,${secret}2\n`],
    ['without a header', `# ours\n\nprod , ${id} , ${secret}\r\n"Dev, the ""old"" one","AKIA000000000042","${secret}2"`],
    ['in JSON', JSON.stringify([first, second])],
    ['in a JSON object', JSON.stringify({ credentials: [first, second] })],
  ])('%s', (_, text) => {
    const parsed = parseCredentials(text, 'keys')
    expect(parsed).toEqual(
      [first, second].map((credential) => ({ ...credential, place: expect.stringMatching(/^keys, (line|entry) \d$/) })),
    )
  })
})

describe('a file of access keys that cannot be used is refused with the place of everything that is wrong, and nothing that stands there', () => {
  it.each([
    ['', ['it holds no access key']],
    [`prod,${id}`, ['line 1: it has no secret access key; the columns are account name, access key id, secret access key']],
    [`Access key ID,Secret access key\n${id},${secret}`, ['line 1: it has no secret access key', 'line 2: it has no secret access key']],
    [`,${id},${secret}\nprod,,${secret}`, ['line 1: it has no account name', 'line 2: it has no access key id']],
    [`prod,${secret},${id}`, ['line 1: its access key id is none']],
    [`${'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'},${id},prod-is-the-name-of-it`, ['line 1: its account name looks like a secret']],
    [`prod,ASIA111122223333,${secret}`, ['line 1: its key is a temporary one']],
    [`prod,${id},${secret} and more`, ['line 1: its secret is none']],
    [`prod,${id},${secret}\n${'x'.repeat(201)},${id},${secret}`, ['line 2: its account name has more than 200']],
    [`prod,${id},${secret}\n\nprod,${id},${secret}2`, ['line 3: its account name stands on line 1 already']],
    [
      `[{"accountName": "prod", "secretAccessKey": "${secret}"}, 1]`,
      ['entry 1: it has no access key id', 'entry 2: it has no account name'],
    ],
    [`[\n  "${secret}"\n  "x"\n]`, ['line 3: it is no JSON']],
    [`["${secret}",]`, ['it is no JSON']],
    [`{"keys": "${secret}"}`, ['it is JSON, but neither a list nor has it a list "credentials"']],
  ])('%j', (text, problems) => {
    const refusal = messageOf(() => parseCredentials(text, 'keys.csv'))
    const lines = refusal.split('\n')
    expect(lines[0]).toBe('keys.csv cannot be used:')
    expect(lines.slice(1)).toEqual(problems.map((problem) => expect.stringContaining(`  ${problem}`)))
    for (const given of [secret, id, 'wJalrXUtnFEMI']) expect(refusal).not.toContain(given)
  })
})

describe('a command line or a file that cannot be used is refused with every reason, and nothing is sent', () => {
  const key = { GATEHOUSE_KEY: 'gh_key_x' }
  const ofShell = { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret }
  it.each([
    { with: [], env: {}, says: ['Set GATEHOUSE_KEY'] },
    { with: ['--patience', 'long', '--url', 'localhost'], env: key, says: ['--patience must be', '--url must be'] },
    { with: [], env: { GATEHOUSE_ADMIN_KEY: 'a'.repeat(40) }, says: ['--organization SLUG'] },
    { with: ['--from-env', 'prod'], env: key, says: ['AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'] },
    { with: ['--from-env', 'prod'], env: { ...key, ...ofShell, AWS_SESSION_TOKEN: 'x' }, says: ['AWS_SESSION_TOKEN is set'] },
    {
      with: ['--from-env', 'prod'],
      env: { ...key, ...ofShell, AWS_ACCESS_KEY_ID: secret },
      says: ['--from-env: its access key id is none'],
    },
    { with: ['--credentials', '/nowhere/keys.csv'], env: key, says: ['/nowhere/keys.csv cannot be read: there is no such file'] },
    { with: ['--credential', 'keys.csv'], env: key, says: ["'--credential'"] },
  ])('$says', async ({ with: given, env, says }) => {
    let text = ''
    const fetch = () => Promise.reject(new Error('something was sent'))
    expect(await main(given, { env, fetch, output: { write: (part) => (text += part) } })).toBe(2)
    for (const part of says) expect(text).toContain(part)
    expect(text).not.toContain(secret)
  })
})

it('an account name that stands in the file and is given for the environment is refused', async () => {
  const credentialsFile = await keysFile([{ accountName: 'prod', accessKeyId: id }])
  await expect(readCredentials({ credentialsFile, fromEnv: first })).rejects.toThrow(`prod stands in ${credentialsFile}, line 2, too.`)
})

it('a file that others may read is used, with a hint how to keep it to oneself', async () => {
  const credentialsFile = await keysFile([{ accountName: 'prod', accessKeyId: id }], 0o640)
  const { credentials, hint } = await readCredentials({ credentialsFile, fromEnv: null })
  expect(credentials).toHaveLength(1)
  expect(hint).toContain(`chmod 600 ${credentialsFile}`)
  const own = await keysFile([{ accountName: 'prod', accessKeyId: id }])
  expect((await readCredentials({ credentialsFile: own, fromEnv: null })).hint).toBeNull()
})

it('--help explains every option', async () => {
  let text = ''
  expect(await main(['--help'], { env: {}, output: { write: (part) => (text += part) } })).toBe(0)
  for (const option of ['credentials', 'from-env', 'url', 'organization', 'patience']) expect(text).toContain(`--${option}`)
})

it('roles are made in the stand-in, with a file of access keys that can be used, and never in AWS itself', async () => {
  const aws = createAwsEmulator()
  const AWS_ENDPOINT_URL = await aws.listen()
  onTestFinished(() => aws.close())
  const { PATH = '' } = process.env
  const make = async (roles: number, env: Record<string, string>) =>
    promisify(execFile)(process.execPath, ['--import', 'tsx', 'examples/make-roles.ts', '2', String(roles)], { env: { PATH, ...env } })
  await expect(make(3, {})).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('AWS_ENDPOINT_URL') })
  await make(3, { AWS_ENDPOINT_URL })
  const file = path.join(await makeFolder(), 'keys.csv')
  await writeFile(file, (await make(4, { AWS_ENDPOINT_URL })).stdout)
  expect((await readCredentials({ credentialsFile: file, fromEnv: null })).credentials).toHaveLength(2)
  expect([...aws.state.accounts.values()].map((account) => iamOf(account).roles.size)).toEqual([4, 4])
}, 30_000)

function messageOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('it was accepted')
}
