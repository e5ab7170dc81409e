import { type ParseArgsConfig, parseArgs } from 'node:util'

/** Where Gatehouse is, who asks, and for whom. */
export interface Access {
  url: string
  /** `isAdmin`: the platform administrator's; then `organization` says where. */
  key: { text: string; isAdmin: boolean }
  /** A slug; null: the one the key belongs to. */
  organization: string | null
  /** How long to go on without an answer or without any progress. */
  patienceMs: number
}

const text = { type: 'string' } as const

/** The options of every example, for `parse`. */
export const accessOptions = { url: text, organization: text, patience: text }

export const accessUsage = `  --url URL            where Gatehouse is (default http://127.0.0.1:4000)
  --organization SLUG  with GATEHOUSE_ADMIN_KEY: whose accounts they are; the organization is created if need be
  --patience SECONDS   how long to wait for a server that is away, or for any progress (default 60)`

export const keyUsage =
  "The key comes from the environment: GATEHOUSE_KEY, an organization's, or GATEHOUSE_ADMIN_KEY, the platform administrator's."

/** The command line cannot be followed; the message says why. */
export class UsageError extends Error {}

/** What is wrong with a command line, all of it. */
export class Problems {
  readonly #found: string[] = []

  check(isFine: unknown, problem: string): void {
    if (!isFine) this.#found.push(problem)
  }

  throwIfAny(): void {
    if (this.#found.length > 0) throw new UsageError(this.#found.join('\n'))
  }
}

export function parse<const T extends NonNullable<ParseArgsConfig['options']>>(args: string[], options: T) {
  try {
    return parseArgs({ args, options }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

export function readAccess(
  values: { url?: string; organization?: string; patience?: string },
  env: Record<string, string | undefined>,
  problems: Problems,
): Access {
  const { url = 'http://127.0.0.1:4000', organization = null } = values
  const patienceSeconds = Number(values.patience ?? 60)
  const [key, isAdmin] = env.GATEHOUSE_KEY ? [env.GATEHOUSE_KEY, false] : [env.GATEHOUSE_ADMIN_KEY ?? '', true]
  problems.check(URL.canParse(url) && /^https?:/.test(url), `--url must be an http:// or https:// URL, not ${url}.`)
  problems.check(key, "Set GATEHOUSE_KEY to a key of the organization, or GATEHOUSE_ADMIN_KEY to the platform administrator's.")
  problems.check(!key || !isAdmin || organization, 'With GATEHOUSE_ADMIN_KEY say whose accounts they are: --organization SLUG.')
  problems.check(patienceSeconds >= 1 && patienceSeconds <= 3600, '--patience must be a number of seconds from 1 to 3600.')
  return { url: url.replace(/\/+$/, ''), key: { text: key, isAdmin }, organization, patienceMs: patienceSeconds * 1000 }
}
