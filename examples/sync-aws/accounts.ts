import { SyncedAccountsDocument, type SyncedAccountsQuery } from '../generated/operations.ts'
import { type Gatehouse, itemsOf } from '../shared/gatehouse.ts'

type AwsSync = NonNullable<NonNullable<SyncedAccountsQuery['organization']>['awsSync']>
/** What became of an access key, or of an account with INVENTORY. */
export type SyncedAccount = NonNullable<AwsSync['accounts']>['nodes'][number]

/** All of the sync that ended last. */
export async function readAccounts(gatehouse: Gatehouse, organizationId: string): Promise<SyncedAccount[]> {
  const accounts: SyncedAccount[] = []
  const readPage = async (after: string | null) =>
    (await gatehouse.ask(SyncedAccountsDocument, { organizationId, after })).organization?.awsSync?.accounts
  for await (const account of itemsOf(readPage)) accounts.push(account)
  return accounts
}

/** What to do about an account that was not read; null where its message says all. AWS's own error codes in the message tell. */
export function remedyOf({ statusMessage, credential }: SyncedAccount): string | null {
  const found = remedies.find(({ when }) => when.test(statusMessage ?? ''))
  return found ? (credential ? found.ofKey : found.ofInventory) : null
}

const verify = 'Have INVENTORY of the account verified: its checks say what is wrong.'
const wait = 'It passes; run this again later.'
const remedies = [
  {
    when: /InvalidClientTokenId|UnrecognizedClient/,
    ofKey: 'AWS knows no such access key: it is mistyped, deactivated or deleted. Put one that works under this name.',
    ofInventory: verify,
  },
  {
    when: /SignatureDoesNotMatch|IncompleteSignature/,
    ofKey: 'The secret is not the one of this access key id. Put both again under this name.',
    ofInventory: verify,
  },
  {
    when: /AccessDenied|UnauthorizedOperation|AuthorizationError/,
    ofKey: 'Allow the user of the key iam:ListRoles and iam:GetAccountAuthorizationDetails.',
    ofInventory: verify,
  },
  { when: /Throttl|TooManyRequests|RequestLimitExceeded|did not answer|answered 5\d\d/, ofKey: wait, ofInventory: wait },
  {
    when: /neither an installed INVENTORY component nor/,
    ofKey: 'Put an access key of the account, or install INVENTORY in it.',
    ofInventory: 'Put an access key of the account, or install INVENTORY in it.',
  },
]
