import { KnownCredentialsDocument, PutCredentialsDocument } from '../generated/operations.ts'
import { type Gatehouse, itemsOf, RequestError, textOf, type UserError } from '../shared/gatehouse.ts'
import type { Credential } from './credentials.ts'

/** What the server takes in one call. */
const mostAtOnce = 500

/** How many of the access keys were new to Gatehouse, and how many took another's place. */
export interface Put {
  added: number
  replaced: number
  same: number
}

/** Puts the access keys, each under its account name. One that is there with the same secret stays as it is, so this can be repeated. */
export async function putCredentials(gatehouse: Gatehouse, organizationId: string, credentials: Credential[]): Promise<Put> {
  const before = await readKnown(gatehouse, organizationId)
  const put: Put = { added: 0, replaced: 0, same: 0 }
  for (let start = 0; start < credentials.length; start += mostAtOnce) {
    const batch = credentials.slice(start, start + mostAtOnce)
    const input = { organizationId, credentials: batch.map(({ place, ...credential }) => credential) }
    const answer = (await gatehouse.ask(PutCredentialsDocument, { input }, { mayRepeat: true })).putAwsCredentials
    if (answer.errors.length > 0) throw new RequestError(refusalOf(answer.errors, batch, start))
    for (const { accountName, rotatedAt } of answer.credentials ?? []) {
      const rotatedBefore = before.get(accountName)
      put[rotatedBefore === undefined ? 'added' : rotatedBefore === rotatedAt ? 'same' : 'replaced']++
    }
  }
  return put
}

/** When each was last replaced. */
async function readKnown(gatehouse: Gatehouse, organizationId: string): Promise<Map<string, string | null>> {
  const known = new Map<string, string | null>()
  const readPage = async (after: string | null) =>
    (await gatehouse.ask(KnownCredentialsDocument, { organizationId, after })).organization?.awsCredentials
  for await (const { accountName, rotatedAt } of itemsOf(readPage)) known.set(accountName, rotatedAt)
  return known
}

/** A path such as input.credentials.3.secretAccessKey leads to the place that the fourth of the batch comes from. */
function refusalOf(errors: UserError[], batch: Credential[], alreadyPut: number): string {
  const lines = errors.map((error) => {
    const place = error.path[1] === 'credentials' ? batch[Number(error.path[2])]?.place : undefined
    return `  ${place ? `${place}: ` : ''}${textOf([error])}`
  })
  const stand = alreadyPut === 0 ? 'none of them was put' : `the first ${alreadyPut} were put, the others not`
  return [`The access keys are refused; ${stand}:`, ...lines].join('\n')
}
