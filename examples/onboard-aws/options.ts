import type { AwsAccess } from '../shared/aws.ts'
import { type Access, accessOptions, accessUsage, keyUsage, Problems, parse, readAccess } from '../shared/options.ts'

/** What one role or one configuration serves. FUNCTION_CALLER is staged by function, not by account, and is not done here. */
export const accountKinds = ['IAM_ASSESSMENT', 'IAM_WRITE', 'INVENTORY', 'ACCESS_LOGS'] as const
export type AccountKind = (typeof accountKinds)[number]

export interface Options extends Access {
  accountsFile: string
  kinds: AccountKind[]
  /** Create the roles here and now; null: no. */
  apply: AwsAccess | null
  /** Where to write the scripts that create the roles; null: nowhere. */
  recipesFolder: string | null
  /** AWS accounts worked on at once. */
  concurrency: number
  isDryRun: boolean
}

export const usage = `npx tsx examples/onboard-aws.ts --accounts FILE (--apply | --recipes DIR | --dry-run)

  --accounts FILE      AWS accounts: CSV (account id, partition, label), one id a line, JSON, or what
                       "aws organizations list-accounts" prints
  --apply              create the roles in the accounts; with AWS_ENDPOINT_URL set, in the stand-in (npm run aws:emulator)
  --aws-role NAME      for --apply in AWS itself: the role to assume in each account, e.g. OrganizationAccountAccessRole
  --recipes DIR        write a shell script for each role instead, to be run by whoever may; what was run is installed
  --dry-run            only say what would be done
  --kinds LIST         of ${accountKinds.join(', ')} (default: the first three)
  --concurrency N      AWS accounts that roles are created in at once, 1 to 64 (default 8)
${accessUsage}

${keyUsage}
Run it again at any time: it does what is missing and nothing else.`

/** Reads the command line and the environment. Throws one UsageError that names everything at fault. */
export function readOptions(args: string[], env: Record<string, string | undefined>): Options {
  const values = parse(args, { ...accessOptions, ...ownOptions })
  const problems = new Problems()
  const { accounts: accountsFile = '', recipes = null } = values
  const kinds = values.kinds?.split(',').map((kind) => kind.trim()) ?? accountKinds.slice(0, 3)
  const concurrency = Number(values.concurrency ?? 8)
  const apply = { endpointUrl: env.AWS_ENDPOINT_URL || null, roleName: values['aws-role'] ?? null }
  problems.check(accountsFile, 'Say which accounts: --accounts FILE.')
  const access = readAccess(values, env, problems)
  const unknown = kinds.filter((kind) => !(accountKinds as readonly string[]).includes(kind))
  problems.check(unknown.length === 0, `--kinds: ${unknown.join(', ')} is none of ${accountKinds.join(', ')}.`)
  problems.check(
    Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= 64,
    '--concurrency must be a whole number from 1 to 64.',
  )
  problems.check(
    values.apply || recipes !== null || values['dry-run'],
    'Say how the roles come about: --apply, --recipes DIR, or neither with --dry-run.',
  )
  problems.check(
    !values.apply || apply.endpointUrl || apply.roleName,
    '--apply needs --aws-role NAME, or AWS_ENDPOINT_URL set to an AWS stand-in.',
  )
  problems.throwIfAny()
  return {
    ...access,
    accountsFile,
    kinds: [...new Set(kinds)] as AccountKind[],
    apply: values.apply ? apply : null,
    recipesFolder: recipes,
    concurrency,
    isDryRun: values['dry-run'] ?? false,
  }
}

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const
const ownOptions = { accounts: text, kinds: text, apply: flag, 'aws-role': text, recipes: text, concurrency: text, 'dry-run': flag }
