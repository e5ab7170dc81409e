import { remedyOf, type SyncedAccount } from './accounts.ts'
import type { Put } from './put.ts'
import { type Change, changes, type Roles } from './roles.ts'

/** Accounts listed with what ails them; the rest is counted. */
const maxListed = 50

export function putReport({ added, replaced, same }: Put): string {
  return `Access keys: ${added} new, ${replaced} replaced, ${same} as they were`
}

/** What the sync found and changed, then what was not read, with the reason and what to do about it. */
export function syncReport(accounts: SyncedAccount[], roles: Record<Change, Roles>): string {
  const failed = accounts.filter(({ succeeded }) => !succeeded)
  const remarked = accounts.filter(({ succeeded, statusMessage }) => succeeded && statusMessage !== null)
  const rolesFound = accounts.reduce((sum, account) => sum + account.rolesFound, 0)
  const counts = changes.map((change) => `${numbers.format(roles[change].count)} ${change}`).join(', ')
  return [
    `Roles: ${numbers.format(rolesFound)} found; ${counts}`,
    ...changes.flatMap((change) => namedRoles(change, roles[change])),
    ...section(`Not read (${failed.length} of ${accounts.length}); their roles stay as they were last read`, failed),
    ...section(`Read, with a remark (${remarked.length} of ${accounts.length})`, remarked),
  ].join('\n')
}

const numbers = new Intl.NumberFormat('en')

function namedRoles(change: Change, { count, first }: Roles): string[] {
  if (count === 0) return []
  const more = count > first.length ? [`    … and ${numbers.format(count - first.length)} more`] : []
  return [`  ${change}:`, ...first.map((arn) => `    ${arn}`), ...more]
}

function section(title: string, accounts: SyncedAccount[]): string[] {
  if (accounts.length === 0) return []
  const lines = accounts.slice(0, maxListed).flatMap((account) => {
    const { accountName, awsAccount, succeeded, statusMessage } = account
    const number = awsAccount && awsAccount.accountId !== accountName ? `  ${awsAccount.accountId}` : ''
    const remedy = succeeded ? null : remedyOf(account)
    return [`  ${accountName}${number}`, `    ${statusMessage}`, ...(remedy ? [`      To mend it: ${remedy}`] : [])]
  })
  const more = accounts.length > maxListed ? [`  … and ${accounts.length - maxListed} more`] : []
  return ['', `${title}:`, ...lines, ...more]
}
