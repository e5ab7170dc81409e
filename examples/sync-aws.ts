import { realpathSync } from 'node:fs'
import { RunningSyncDocument, type Scope, StartSyncDocument } from './generated/operations.ts'
import { runCommand, type Surroundings } from './shared/command.ts'
import { Gatehouse, RequestError, textOf } from './shared/gatehouse.ts'
import { createOrganization, findOrganization, withOwnKey } from './shared/organization.ts'
import { seconds } from './shared/progress.ts'
import { readAccounts } from './sync-aws/accounts.ts'
import { type Credential, readCredentials } from './sync-aws/credentials.ts'
import { follow, type Operation } from './sync-aws/follow.ts'
import { type Options, readOptions, usage } from './sync-aws/options.ts'
import { putCredentials } from './sync-aws/put.ts'
import { putReport, syncReport } from './sync-aws/report.ts'
import { compareRoles, readMissing } from './sync-aws/roles.ts'

// Puts AWS access keys, has all accounts read, shows how far that is and says what changed. Run it with --help.

/** Runs the whole and returns the exit code: 0 every account was read, 1 not, 2 the command line or the credentials cannot be used. */
export function main(args: string[], surroundings: Surroundings): Promise<number> {
  return runCommand(args, surroundings, usage, (say) => begin(readOptions(args, surroundings.env), say, surroundings))
}

/** What it needs, and no more. */
const scopes: Scope[] = ['ORGANIZATIONS_READ', 'AWS_READ', 'AWS_WRITE', 'AWS_CREDENTIALS_WRITE']

type Say = (text: string) => void

async function begin(options: Options, say: Say, { output, fetch }: Surroundings): Promise<number> {
  const { credentials, hint } = await readCredentials(options)
  if (hint) say(hint)
  const { url, key, patienceMs } = options
  const gatehouse = new Gatehouse({ url, key: key.text, patienceMs, fetch })
  const existing = await findOrganization(gatehouse, options)
  const organization = existing ?? (await createOrganization(gatehouse, options))
  say(`Organization ${organization.slug} (${organization.id})${existing ? '' : ', created'}`)
  const work = (own: Gatehouse) => sync({ gatehouse: own, organizationId: organization.id, output }, credentials, say)
  return key.isAdmin ? withOwnKey(gatehouse, organization, { name: 'sync-aws', scopes }, work) : work(gatehouse)
}

type Run = { gatehouse: Gatehouse; organizationId: string } & Pick<Surroundings, 'output'>

async function sync({ gatehouse, organizationId, output }: Run, credentials: Credential[], say: Say): Promise<number> {
  const startedAtMs = performance.now()
  if (credentials.length > 0) say(putReport(await putCredentials(gatehouse, organizationId, credentials)))
  const running = await findRunning(gatehouse, organizationId)
  if (running) {
    say('A sync is under way already, perhaps without these access keys: another one follows when it has ended.')
    await follow(gatehouse, organizationId, running, output)
  }
  const missingBefore = await readMissing(gatehouse, organizationId)
  const operation = await start(gatehouse, organizationId)
  const { status, statusMessage } = await follow(gatehouse, organizationId, operation, output)
  if (status === 'CANCELLED') throw new RequestError(`The sync was cancelled. ${statusMessage ?? ''}`.trim())

  const accounts = await readAccounts(gatehouse, organizationId)
  if (accounts.length === 0) throw new RequestError(statusMessage ?? 'There was nothing to read.')
  const roles = await compareRoles(gatehouse, organizationId, { since: operation.createdAt, missingBefore }, output)
  const read = accounts.filter(({ succeeded }) => succeeded).length
  say(`\n${syncReport(accounts, roles)}\n`)
  say(`${read} of ${accounts.length} were read, after ${seconds(performance.now() - startedAtMs)}.`)
  return read === accounts.length ? 0 : 1
}

async function findRunning(gatehouse: Gatehouse, organizationId: string): Promise<Operation | null> {
  const { organization } = await gatehouse.ask(RunningSyncDocument, { organizationId })
  return organization?.operations?.nodes[0] ?? null
}

/** While a sync runs a second call answers with the same one, so an answer that was lost does no harm. */
async function start(gatehouse: Gatehouse, organizationId: string): Promise<Operation> {
  const input = { organizationId, wait: false }
  const { operation, errors } = (await gatehouse.ask(StartSyncDocument, { input }, { mayRepeat: true })).syncAwsAccounts
  if (!operation) throw new RequestError(`No sync can be begun: ${textOf(errors)}`)
  return operation
}

if (process.argv[1] && realpathSync(process.argv[1]) === import.meta.filename) {
  process.exitCode = await main(process.argv.slice(2), { env: process.env, output: process.stdout })
}
