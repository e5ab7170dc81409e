import { realpathSync } from 'node:fs'
import type { Scope } from './generated/operations.ts'
import { readAccounts } from './onboard-aws/accounts.ts'
import { Components } from './onboard-aws/components.ts'
import { installAwsIntegration } from './onboard-aws/integration.ts'
import { type Options, readOptions, usage } from './onboard-aws/options.ts'
import { readWhole, reportOf } from './onboard-aws/report.ts'
import { createRoles, writeRecipes } from './onboard-aws/roles.ts'
import { configure, stage, verify } from './onboard-aws/steps.ts'
import { runCommand, type Surroundings } from './shared/command.ts'
import { Gatehouse } from './shared/gatehouse.ts'
import { createOrganization, findOrganization, type Organization, withOwnKey } from './shared/organization.ts'
import { seconds } from './shared/progress.ts'

// Brings any number of AWS accounts from nothing to installed components. Run it with --help.

/** Runs the whole and returns the exit code: 0 all is installed, 1 it is not, 2 the command line or the accounts file cannot be used. */
export function main(args: string[], surroundings: Surroundings): Promise<number> {
  return runCommand(args, surroundings, usage, (say) => onboard(readOptions(args, surroundings.env), say, surroundings))
}

/** What it needs, and no more. */
const scopes: Scope[] = ['ORGANIZATIONS_READ', 'INTEGRATIONS_READ', 'INTEGRATIONS_WRITE', 'COMPONENTS_READ', 'COMPONENTS_WRITE']

async function onboard(
  options: Options,
  say: (text: string) => void,
  { output, fetch }: Pick<Surroundings, 'output' | 'fetch'>,
): Promise<number> {
  const startedAtMs = performance.now()
  const accounts = await readAccounts(options.accountsFile)
  const components = new Components(accounts, options.kinds)
  const gatehouse = new Gatehouse({ url: options.url, key: options.key.text, patienceMs: options.patienceMs, fetch })
  const existing = await findOrganization(gatehouse, options)
  if (existing) await components.refresh(gatehouse, existing.id)
  say(overviewOf(options, existing, components))
  if (options.isDryRun) return 0

  const organization = existing ?? (await createOrganization(gatehouse, options))
  if (components.count('INSTALLED') < components.all.length) {
    const install = async (own: Gatehouse) => {
      const run = { gatehouse: own, organizationId: organization.id, components, patienceMs: options.patienceMs, output }
      if (!components.hasIntegration) await installAwsIntegration(own, organization)
      await stage(run)
      if (options.recipesFolder) await writeRecipes(run, options.recipesFolder)
      if (options.apply) await createRoles(run, options.apply, options.concurrency)
      await verify(run)
      await configure(run)
    }
    await (options.key.isAdmin ? withOwnKey(gatehouse, organization, { name: 'onboard-aws', scopes }, install) : install(gatehouse))
  }

  const whole = await readWhole(gatehouse, organization.id, components)
  const installed = [...whole.values()].filter(({ state }) => state === 'INSTALLED').length
  const { queries, mutations } = gatehouse.sent
  say(`\n${reportOf(components, whole)}\n`)
  say(
    `${installed} of ${components.all.length} components are installed, after ${seconds(performance.now() - startedAtMs)}, with ${queries} queries and ${mutations} mutations.`,
  )
  return installed === components.all.length ? 0 : 1
}

function overviewOf(
  { apply, isDryRun, organization, recipesFolder }: Options,
  existing: Organization | null,
  components: Components,
): string {
  const total = components.all.length
  const installed = components.count('INSTALLED')
  const where = existing ? `Organization ${existing.slug} (${existing.id})` : `Organization ${organization} (to be created)`
  if (installed === total) return `${where}: ${total} components, ${total} already installed, nothing to do`
  const absent = components.at(null).length
  const staged = absent + components.at('STAGE').length
  const roles = apply ? `create roles for ${staged}, ` : recipesFolder ? `write scripts for ${staged}, ` : ''
  const plan = `stage ${absent}, ${roles}verify ${staged}, configure ${total - installed}`
  return `${where}: ${total} components, ${installed} already installed; ${isDryRun ? 'this would' : 'to do:'} ${plan}`
}

if (process.argv[1] && realpathSync(process.argv[1]) === import.meta.filename) {
  process.exitCode = await main(process.argv.slice(2), { env: process.env, output: process.stdout })
}
