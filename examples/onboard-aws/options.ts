import { parseArgs } from 'node:util'

/** What one role or one configuration serves. FUNCTION_CALLER is staged by function, not by account, and is not done here. */
export const accountKinds = ['IAM_ASSESSMENT', 'IAM_WRITE', 'INVENTORY', 'ACCESS_LOGS'] as const
export type AccountKind = (typeof accountKinds)[number]

export interface Options {
  accountsFile: string
  url: string
  /** `isAdmin`: the platform administrator's; then `organization` says where. */
  key: { text: string; isAdmin: boolean }
  /** A slug; null: the one the key belongs to. */
  organization: string | null
  kinds: AccountKind[]
  /** Create the roles here and now; null: no. */
  apply: AwsAccess | null
  /** Where to write the scripts that create the roles; null: nowhere. */
  recipesFolder: string | null
  /** AWS accounts worked on at once. */
  concurrency: number
  /** How long to go on without an answer or without any progress. */
  patienceMs: number
  isDryRun: boolean
}

/** How to get into an AWS account. */
export interface AwsAccess {
  /** Instead of AWS itself; null: AWS. */
  endpointUrl: string | null
  /** The role to assume in each account, with the credentials of the shell; null: the stand-in's own keys, AKIA<account id>. */
  roleName: string | null
}

export const usage = `npx tsx examples/onboard-aws.ts --accounts FILE (--apply | --recipes DIR | --dry-run)

  --accounts FILE      AWS accounts: CSV (account id, partition, label), one id a line, JSON, or what
                       "aws organizations list-accounts" prints
  --apply              create the roles in the accounts; with AWS_ENDPOINT_URL set, in the stand-in (npm run aws:emulator)
  --aws-role NAME      for --apply in AWS itself: the role to assume in each account, e.g. OrganizationAccountAccessRole
  --recipes DIR        write a shell script for each role instead, to be run by whoever may; what was run is installed
  --dry-run            only say what would be done
  --url URL            where Gatehouse is (default http://127.0.0.1:4000)
  --organization SLUG  with GATEHOUSE_ADMIN_KEY: whose accounts they are; the organization is created if need be
  --kinds LIST         of ${accountKinds.join(', ')} (default: the first three)
  --concurrency N      AWS accounts that roles are created in at once, 1 to 64 (default 8)
  --patience SECONDS   how long to wait for a server that is away, or for any progress (default 60)

The key comes from the environment: GATEHOUSE_KEY, an organization's, or GATEHOUSE_ADMIN_KEY, the platform administrator's.
Run it again at any time: it does what is missing and nothing else.`

/** The command line cannot be followed; the message says why. */
export class UsageError extends Error {}

/** Reads the command line and the environment. Throws one UsageError that names everything at fault. */
export function readOptions(args: string[], env: Record<string, string | undefined>): Options {
  const values = parse(args)
  const problems: string[] = []
  const check = (isFine: unknown, problem: string) => {
    if (!isFine) problems.push(problem)
  }
  const { accounts: accountsFile = '', url = 'http://127.0.0.1:4000', organization = null, recipes = null } = values
  const kinds = values.kinds?.split(',').map((kind) => kind.trim()) ?? accountKinds.slice(0, 3)
  const concurrency = Number(values.concurrency ?? 8)
  const patienceSeconds = Number(values.patience ?? 60)
  const [text, isAdmin] = env.GATEHOUSE_KEY ? [env.GATEHOUSE_KEY, false] : [env.GATEHOUSE_ADMIN_KEY ?? '', true]
  const apply = { endpointUrl: env.AWS_ENDPOINT_URL || null, roleName: values['aws-role'] ?? null }
  check(accountsFile, 'Say which accounts: --accounts FILE.')
  check(URL.canParse(url) && /^https?:/.test(url), `--url must be an http:// or https:// URL, not ${url}.`)
  check(text, "Set GATEHOUSE_KEY to a key of the organization, or GATEHOUSE_ADMIN_KEY to the platform administrator's.")
  check(!text || !isAdmin || organization, 'With GATEHOUSE_ADMIN_KEY say whose accounts they are: --organization SLUG.')
  const unknown = kinds.filter((kind) => !(accountKinds as readonly string[]).includes(kind))
  check(unknown.length === 0, `--kinds: ${unknown.join(', ')} is none of ${accountKinds.join(', ')}.`)
  check(Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= 64, '--concurrency must be a whole number from 1 to 64.')
  check(patienceSeconds >= 1 && patienceSeconds <= 3600, '--patience must be a number of seconds from 1 to 3600.')
  check(
    values.apply || recipes !== null || values['dry-run'],
    'Say how the roles come about: --apply, --recipes DIR, or neither with --dry-run.',
  )
  check(!values.apply || apply.endpointUrl || apply.roleName, '--apply needs --aws-role NAME, or AWS_ENDPOINT_URL set to an AWS stand-in.')
  if (problems.length > 0) throw new UsageError(problems.join('\n'))
  return {
    accountsFile,
    url: url.replace(/\/+$/, ''),
    key: { text, isAdmin },
    organization,
    kinds: [...new Set(kinds)] as AccountKind[],
    apply: values.apply ? apply : null,
    recipesFolder: recipes,
    concurrency,
    patienceMs: patienceSeconds * 1000,
    isDryRun: values['dry-run'] ?? false,
  }
}

function parse(args: string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  try {
    return parseArgs({
      args,
      options: {
        accounts: text,
        url: text,
        organization: text,
        kinds: text,
        apply: flag,
        'aws-role': text,
        recipes: text,
        concurrency: text,
        patience: text,
        'dry-run': flag,
      },
    }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}
