import { type Partition, partitionOf, uniqueId } from './identifiers.ts'
import { parsePolicy } from './policy/document.ts'

/** One AWS account. What a service keeps for it lies with that service, see `perAccount` and `perRegion`. */
export class Account {
  constructor(
    readonly id: string,
    readonly partition: Partition,
  ) {}

  arn(service: string, region: string, resource: string): string {
    return `arn:${this.partition}:${service}:${region}:${this.id}:${resource}`
  }
}

export interface RoleSession {
  accessKeyId: string
  sessionToken: string
  accountId: string
  roleName: string
  /** AROA…: a role of that name made anew is another role, and the session is worth nothing then. */
  roleId: string
  sessionName: string
  /** JSON text of the session policies; what they do not allow the session may not do. */
  sessionPolicies: string[]
  expiresAtMs: number
}

export interface AccessKey {
  accountId: string
  userName: string
  /** JSON text; without one the key is an administrator's. */
  policy?: string
}

/** Everything the stand-in knows of accounts and who may call; in memory only. */
export class EmulatorState {
  readonly accounts = new Map<string, Account>()
  readonly #accessKeys = new Map<string, AccessKey | null>()
  readonly #sessions = new Map<string, RoleSession>()
  #sessionsAtLastSweep = 0

  constructor(readonly now: () => number) {}

  /** The account of that number, made on first use; `partition` counts only then (default aws). */
  account(id: string, options: { partition?: Partition } = {}): Account {
    let account = this.accounts.get(id)
    if (!account) {
      if (!/^\d{12}$/.test(id)) throw new Error(`An AWS account id has 12 digits: ${id}`)
      account = new Account(id, options.partition ?? 'aws')
      this.accounts.set(id, account)
    }
    return account
  }

  accountInRegion(id: string, region: string): Account {
    return this.account(id, { partition: partitionOf(region) })
  }

  /** Gives an IAM user's key a meaning of its own, or another one: several keys of one account, limited ones, moved ones. */
  putAccessKey(accessKeyId: string, key: AccessKey): void {
    if (key.policy !== undefined) parsePolicy(key.policy)
    this.#accessKeys.set(accessKeyId, key)
  }

  /** From now on the key is unknown to AWS, also one of the form AKIA + account id. */
  revokeAccessKey(accessKeyId: string): void {
    this.#accessKeys.set(accessKeyId, null)
  }

  /** Registered keys first, then AKIA + account id (up to four more characters, so that an account can have several). */
  accessKey(accessKeyId: string): AccessKey | undefined {
    const registered = this.#accessKeys.get(accessKeyId)
    if (registered !== undefined) return registered ?? undefined
    const accountId = /^AKIA(\d{12})[A-Z0-9]{0,4}$/.exec(accessKeyId)?.[1]
    return accountId === undefined ? undefined : { accountId, userName: 'administrator' }
  }

  session(accessKeyId: string): RoleSession | undefined {
    return this.#sessions.get(accessKeyId)
  }

  openSession(session: Omit<RoleSession, 'accessKeyId'>): RoleSession {
    this.#forgetLongExpired()
    const opened = { ...session, accessKeyId: uniqueId('ASIA', 16) }
    this.#sessions.set(opened.accessKeyId, opened)
    return opened
  }

  // Swept on growth rather than by a timer: nothing must keep the process alive. An hour's grace lets late calls still read "expired".
  #forgetLongExpired(): void {
    if (this.#sessions.size < this.#sessionsAtLastSweep + 1000) return
    const limitMs = this.now() - 3_600_000
    for (const [id, session] of this.#sessions) if (session.expiresAtMs < limitMs) this.#sessions.delete(id)
    this.#sessionsAtLastSweep = this.#sessions.size
  }
}

/** What a service keeps for each account: made when first asked for, kept as long as the account. */
export function perAccount<T>(create: () => T): (account: Account) => T {
  const kept = new WeakMap<Account, T>()
  return (account) => {
    let value = kept.get(account)
    if (value === undefined) {
      value = create()
      kept.set(account, value)
    }
    return value
  }
}

/** The same for a regional service; `regions` lists those that were ever asked for. */
export function perRegion<T>(create: () => T): { (account: Account, region: string): T; regions(account: Account): Map<string, T> } {
  const regions = perAccount(() => new Map<string, T>())
  const inRegion = (account: Account, region: string): T => {
    let value = regions(account).get(region)
    if (value === undefined) {
      value = create()
      regions(account).set(region, value)
    }
    return value
  }
  return Object.assign(inRegion, { regions })
}
