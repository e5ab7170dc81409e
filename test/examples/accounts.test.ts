import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseAccounts, readAccounts } from '../../examples/onboard-aws/accounts.ts'

const first = { id: '111122223333', partition: null, label: '' }
const second = { id: '000000000042', partition: 'AWS_US_GOV', label: 'Dev, the "old" one' }

describe('an accounts file names the same accounts', () => {
  it.each([
    ['with a header', 'account id,partition,label\n111122223333,,\n000000000042,aws-us-gov,"Dev, the ""old"" one"\n'],
    ['without a header', '111122223333\n000000000042,aws-us-gov,"Dev, the ""old"" one"'],
    [
      'of a spreadsheet',
      '\uFEFF"AWS account id","partition","label"\r\n"111122223333","",""\r\n"000000000042",AWS_US_GOV,"Dev, the ""old"" one"\r\n',
    ],
    ['with comments and empty lines', '# ours\n\n 111122223333 \n\n000000000042 , aws-us-gov , "Dev, the ""old"" one"\n'],
    ['in JSON', JSON.stringify([first.id, { accountId: second.id, partition: 'aws-us-gov', label: second.label }])],
    [
      'as AWS Organizations prints it',
      JSON.stringify({
        Accounts: [{ Id: first.id }, { Id: second.id, Name: second.label, Arn: 'arn:aws-us-gov:organizations::1:account/o/000000000042' }],
      }),
    ],
  ])('%s', (_, text) => {
    expect(parseAccounts(text, 'accounts')).toEqual([first, second])
  })
})

describe('an accounts file that cannot be used is refused with the place of everything that is wrong', () => {
  it.each([
    ['', ['it names no account']],
    ['account id\n# nobody\n', ['it names no account']],
    ['111122223333\n12345678901\n', ['line 2: 12345678901 has 11 digits and an account id 12: spreadsheets drop leading zeros']],
    ['account\n1111-2222-3333\n', ['line 2: "1111-2222-3333" is no account id: 12 digits, without hyphens']],
    ['1.11122E+11\n', ['line 1: "1.11122E+11" is no account id: 12 digits, without hyphens']],
    ['111122223333,aws-cn\n', ['line 1: "aws-cn" is no partition: aws, aws-us-gov or nothing']],
    ['111122223333,constructor\n', ['line 1: "constructor" is no partition: aws, aws-us-gov or nothing']],
    ['111122223333\n,aws,Nobody\n', ['line 2: it has no account id']],
    ['111122223333\n\n111122223333,aws\n', ['line 3: 111122223333 stands on line 1 already']],
    ['x\n111122223333,y\nz', ['line 1: "x" is', 'line 2: "y" is', 'line 3: "z" is']],
    ['[\n  "111122223333"\n  "444455556666"\n]', ['line 3: it is no JSON']],
    ['[\n  "111122223333",\n]', ['it is no JSON']],
    ['{"Accounts": 1}', ['it is JSON, but neither a list nor has it a list "Accounts"']],
    [
      '["111122223333", 12, {"label": "Nobody"}, "111122223333"]',
      ['entry 2: "12" is no', 'entry 3: it has no', 'entry 4: 111122223333 stands on entry 1'],
    ],
  ])('%j', (text, problems) => {
    const lines = messageOf(() => parseAccounts(text, 'accounts.csv')).split('\n')
    expect(lines[0]).toBe('accounts.csv cannot be used:')
    expect(lines.slice(1)).toEqual(problems.map((problem) => expect.stringContaining(`  ${problem}`)))
  })

  it('names twenty and counts the rest', () => {
    const lines = messageOf(() => parseAccounts('x\n'.repeat(25), 'a')).split('\n')
    expect(lines).toHaveLength(22)
    expect(lines.at(-1)).toBe('  … and 5 more')
  })

  it('says when there is no such file', async () => {
    await expect(readAccounts('/nowhere/accounts.csv')).rejects.toThrow('/nowhere/accounts.csv cannot be read: there is no such file')
  })
})

it('the accounts file that comes with the example, and one that was made up, can be used', async () => {
  expect(await readAccounts('examples/accounts.csv')).toHaveLength(4)
  const made = execFileSync(process.execPath, ['--import', 'tsx', 'examples/make-accounts.ts', '300'], { encoding: 'utf8' })
  expect(parseAccounts(made, 'made')).toHaveLength(300)
})

it('the typed operations are those of the schema and of the GraphQL files', () => {
  const generate = (...args: string[]) => execFileSync(process.execPath, ['--import', 'tsx', 'scripts/generate-operations.ts', ...args])
  expect(() => generate('--check')).not.toThrow()
  expect(readFileSync('examples/generated/operations.ts', 'utf8')).toContain('WholeOnboardingQuery')
})

function messageOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('it was accepted')
}
