import { stat } from 'node:fs/promises'
import { fieldOf, type Listed, readList, readText, refuse } from '../shared/file.ts'
import { UsageError } from '../shared/options.ts'
import type { Options } from './options.ts'

export interface Credential {
  accountName: string
  accessKeyId: string
  /** Goes to Gatehouse and nowhere else. */
  secretAccessKey: string
  /** Where it comes from: "keys.csv, line 3". */
  place: string
}

/** The access keys of the file and of the environment, and what there is to say about the file. Throws FileError or UsageError. */
export async function readCredentials({
  credentialsFile,
  fromEnv,
}: Pick<Options, 'credentialsFile' | 'fromEnv'>): Promise<{ credentials: Credential[]; hint: string | null }> {
  const ofFile = credentialsFile === null ? [] : parseCredentials(await readText(credentialsFile), credentialsFile)
  const hint = await permissionHint(credentialsFile)
  if (!fromEnv) return { credentials: ofFile, hint }
  const problem = problemOf(fromEnv)
  if (problem) throw new UsageError(`--from-env: ${problem}.`)
  const known = ofFile.find(({ accountName }) => accountName === fromEnv.accountName)
  if (known) throw new UsageError(`--from-env: ${fromEnv.accountName} stands in ${known.place}, too. Leave one of the two out.`)
  return { credentials: [...ofFile, { ...fromEnv, place: 'the environment' }], hint }
}

/**
 * Access keys out of CSV (account name, access key id, secret access key; header optional; `#` begins a comment line) or JSON. The errors
 * name places and never what stands there: it may be a secret in the wrong column. `name` is the file's.
 * @throws FileError
 */
export function parseCredentials(text: string, name: string): Credential[] {
  const form = { header: /^"?(aws[ _-]?)?account/i, listName: 'credentials', isSecret: true }
  const rows = readList(text, name, form).map(rowOf)
  const problems: string[] = []
  const placeOf = new Map<string, string>()
  for (const row of rows) {
    const known = placeOf.get(row.accountName)
    const problem = problemOf(row) ?? (known ? `its account name stands on ${known} already` : null)
    if (problem !== null) problems.push(`${row.place}: ${problem}`)
    else placeOf.set(row.accountName, row.place)
  }
  if (rows.length === 0) problems.push('it holds no access key')
  refuse(name, problems)
  return rows.map((row) => ({ ...row, place: `${name}, ${row.place}` }))
}

const columns = 'the columns are account name, access key id, secret access key'

/** What Gatehouse would refuse, to be said with the place it comes from. */
function problemOf({ accountName, accessKeyId, secretAccessKey }: Omit<Credential, 'place'>): string | null {
  if (accountName === '' || accessKeyId === '' || secretAccessKey === '') {
    const missing = accountName === '' ? 'account name' : accessKeyId === '' ? 'access key id' : 'secret access key'
    return `it has no ${missing}; ${columns}`
  }
  if (accountName.length > 200) return 'its account name has more than 200 characters'
  if (/^[A-Za-z0-9/+]{40}$/.test(accountName)) return `its account name looks like a secret; ${columns}`
  if (accessKeyId.startsWith('ASIA')) return 'its key is a temporary one (ASIA…), which ends soon: give the long-lived key of an IAM user'
  if (!/^[A-Z0-9]{16,128}$/.test(accessKeyId)) return `its access key id is none (16 to 128 capital letters and digits); ${columns}`
  if (!/^[\x21-\x7e]{16,256}$/.test(secretAccessKey)) return `its secret is none (16 to 256 characters without spaces); ${columns}`
  return null
}

function rowOf(listed: Listed): Credential {
  const { place } = listed
  if ('cells' in listed) {
    const [accountName = '', accessKeyId = '', secretAccessKey = ''] = listed.cells
    return { accountName, accessKeyId, secretAccessKey, place }
  }
  const { entry } = listed
  return {
    accountName: fieldOf(entry, 'accountName', 'account', 'name'),
    accessKeyId: fieldOf(entry, 'accessKeyId', 'AccessKeyId'),
    secretAccessKey: fieldOf(entry, 'secretAccessKey', 'SecretAccessKey'),
    place,
  }
}

/** Windows has no such permissions. */
async function permissionHint(file: string | null): Promise<string | null> {
  if (file === null || process.platform === 'win32') return null
  const { mode } = await stat(file)
  return (mode & 0o077) === 0 ? null : `Others on this machine may read ${file}, with the secrets in it: chmod 600 ${file}`
}
