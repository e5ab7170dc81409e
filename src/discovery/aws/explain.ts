import type { AwsProblem } from '../../aws/account-reader/problem.ts'

export interface AccountProblems {
  accountId: string
  /** Each with what to do about it. */
  problems: string[]
}

/** So many accounts are told of, and so much of each; an operator mends the first and refreshes. */
const maxAccounts = 5
const maxProblems = 2
const maxLength = 500

/** What happened, and what an operator can do about it. */
export function adviceOf({ message, isDenial, isTruncation }: AwsProblem): string {
  const told = message.length > maxLength ? `${message.slice(0, maxLength)}…` : message.replace(/\.?$/, '.')
  if (isTruncation) return `${told} Make one of the account's Resource Explorer indexes the aggregator: it tells of everything.`
  if (isDenial) return `${told} Verify its INVENTORY component: the role's policy has to be the one that was handed out.`
  return `${told} Refresh again later; if it stays so, verify its INVENTORY component.`
}

/** One text for all accounts; null where there is nothing to tell. */
export function explainProblems(accounts: AccountProblems[]): string | null {
  if (accounts.length === 0) return null
  const told = accounts.slice(0, maxAccounts).map(({ accountId, problems }) => {
    const more = problems.length - maxProblems
    return `Account ${accountId}: ${problems.slice(0, maxProblems).join(' ')}${more > 0 ? ` And ${more} more of the kind.` : ''}`
  })
  const more = accounts.length - maxAccounts
  return `${told.join(' ')}${more > 0 ? ` And ${more} more accounts.` : ''}`
}
