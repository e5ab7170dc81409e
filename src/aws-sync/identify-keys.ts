import PQueue from 'p-queue'
import { AwsProblem } from '../aws/account-reader/problem.ts'
import type { RoleSession } from '../aws/verification/assume-role.ts'
import { type LearnedAccount, learnAccounts } from '../aws-account/learn-accounts.ts'
import { linkKeys, openKey, type SealedKey } from '../aws-credential/sealed-key.ts'
import type { Context } from '../context.ts'

/** An access key that works, with the account it is of; or why it does not. */
export type IdentifiedKey = { key: SealedKey } & ({ awsAccountId: string; accountId: string; session: RoleSession } | { problem: string })

/** Asks AWS whose each key is, so many at once, and learns the accounts' numbers and aliases. */
export async function identifyKeys(
  context: Context,
  organizationId: string,
  keys: SealedKey[],
  atOnce: number,
  signal: AbortSignal,
): Promise<IdentifiedKey[]> {
  const queue = new PQueue({ concurrency: atOnce })
  const answers = await queue.addAll(keys.map((key) => () => askWhose(context, key, signal)))
  signal.throwIfAborted()
  const learned = answers.flatMap((answer) => ('account' in answer ? [answer.account] : []))
  const accounts = await learnAccounts(context, organizationId, learned)
  const identified = answers.map((answer): IdentifiedKey => {
    if ('problem' in answer) return answer
    const account = accounts.get(answer.account.accountId)
    if (!account || 'problem' in account) return { key: answer.key, problem: account?.problem ?? 'The account could not be kept.' }
    return { key: answer.key, awsAccountId: account.id, accountId: answer.account.accountId, session: answer.session }
  })
  const works = new Set(answers.flatMap((answer) => ('account' in answer ? [answer.key.id] : [])))
  await linkKeys(
    context,
    organizationId,
    identified
      .filter(({ key }) => works.has(key.id))
      .map((one) => ({ id: one.key.id, awsAccountId: 'problem' in one ? null : one.awsAccountId })),
  )
  return identified
}

type Answer = { key: SealedKey } & ({ session: RoleSession; account: LearnedAccount } | { problem: string })

async function askWhose(context: Context, key: SealedKey, signal: AbortSignal): Promise<Answer> {
  try {
    signal.throwIfAborted()
    const session = await context.accountReader.identify(openKey(context, key), signal)
    const alias = await context.accountReader.alias(session, signal)
    return { key, session, account: { accountId: session.accountId, partition: session.partition, alias } }
  } catch (error) {
    if (error instanceof AwsProblem) return { key, problem: error.message }
    if (signal.aborted) throw error
    // Of the keyring: it names the record, never what it holds.
    context.log.error({ err: error, credentialId: key.id }, 'a stored access key could not be opened')
    return { key, problem: 'The stored secret could not be opened. Put the credential again.' }
  }
}
