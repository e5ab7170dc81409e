import { type Access, accessOptions, accessUsage, keyUsage, Problems, parse, readAccess } from '../shared/options.ts'

export interface Options extends Access {
  /** Access keys to put; null: none. */
  credentialsFile: string | null
  /** The access key of the environment, with the account name to put it under; null: it is not put. */
  fromEnv: { accountName: string; accessKeyId: string; secretAccessKey: string } | null
}

export const usage = `npx tsx examples/sync-aws.ts [--credentials FILE] [--from-env NAME]

  --credentials FILE   access keys to put first: CSV (account name, access key id, secret access key) or a JSON list of
                       { "accountName", "accessKeyId", "secretAccessKey" }; keep it to yourself: chmod 600 FILE
  --from-env NAME      put the access key of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY under this account name
${accessUsage}

${keyUsage}
Without access keys it syncs through those that Gatehouse has, and through INVENTORY where that is installed.
Run it again at any time: access keys that are there stay as they are.
The exit code is 0 when every account was read, 1 when not, 2 when the command line or the file cannot be used.`

/** Reads the command line and the environment. Throws one UsageError that names everything at fault, and no secret. */
export function readOptions(args: string[], env: Record<string, string | undefined>): Options {
  const text = { type: 'string' } as const
  const values = parse(args, { ...accessOptions, credentials: text, 'from-env': text })
  const problems = new Problems()
  const access = readAccess(values, env, problems)
  const { credentials = null, 'from-env': accountName = null } = values
  problems.check(credentials !== '', '--credentials needs a file.')
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '', AWS_SESSION_TOKEN } = env
  if (accountName !== null) {
    problems.check(accountName, '--from-env needs the account name to put the access key under.')
    problems.check(accessKeyId && secretAccessKey, '--from-env needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.')
    problems.check(
      !AWS_SESSION_TOKEN,
      '--from-env: AWS_SESSION_TOKEN is set, so the key is a temporary one, which ends soon. Give the long-lived key of an IAM user.',
    )
  }
  problems.throwIfAny()
  return { ...access, credentialsFile: credentials, fromEnv: accountName === null ? null : { accountName, accessKeyId, secretAccessKey } }
}
