import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import {
  AddClientIDToOpenIDConnectProviderCommand,
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  EntityAlreadyExistsException,
  type IAMClient,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam'
import PQueue from 'p-queue'
import { RecipesDocument, RoleSetupsDocument, type RoleSetupsQuery } from '../generated/operations.ts'
import { type AwsAccess, arnPartitions, iamClients } from '../shared/aws.ts'
import { startProgress } from '../shared/progress.ts'
import { batches, type Wanted } from './components.ts'
import type { Run } from './settle.ts'

type Component = NonNullable<RoleSetupsQuery['nodes'][number]>
type Setup = NonNullable<Component['setup']>

/** Ids that the server takes in one query. */
const mostIds = 200

/** Creates in AWS what was handed out for the staged components, or brings it to that state. What AWS refuses is kept as their problem. */
export async function createRoles(run: Run, access: AwsAccess, concurrency: number): Promise<void> {
  const staged = run.components.at('STAGE')
  if (staged.length === 0) return
  const clients = iamClients(access)
  const queue = new PQueue({ concurrency })
  const progress = startProgress(run.output, 'Roles made', staged.length)
  let done = 0
  for (const batch of batches(staged, mostIds, () => '')) {
    const { nodes } = await run.gatehouse.ask(RoleSetupsDocument, { ids: batch.map(({ id }) => id ?? '') })
    const found = new Map(nodes.flatMap((node) => (node ? [[node.id, node]] : [])))
    const byAccount = batches(batch, mostIds, ({ account }) => account.id)
    await queue.addAll(
      // One after the other in an account: its roles share the OIDC provider.
      byAccount.map((ofAccount) => async () => {
        for (const wanted of ofAccount) {
          wanted.problem = await createRole(clients, wanted, found.get(wanted.id ?? ''))
          progress.update(++done)
        }
      }),
    )
  }
  clients.close()
  progress.end(staged.filter(({ problem }) => problem === null).length)
}

/** Writes the script of each staged component for whoever may run it: <account id>-<kind>.sh. */
export async function writeRecipes({ gatehouse, components, output }: Run, folder: string): Promise<void> {
  const staged = components.at('STAGE')
  if (staged.length === 0) return
  await mkdir(folder, { recursive: true })
  let written = 0
  for (const batch of batches(staged, mostIds, () => '')) {
    const { nodes } = await gatehouse.ask(RecipesDocument, { ids: batch.map(({ id }) => id ?? '') })
    for (const [index, { account, kind }] of batch.entries()) {
      const script = nodes[index]?.setup?.awsCli
      const name = `${account.id}-${kind.toLowerCase().replaceAll('_', '-')}.sh`
      if (!script) continue
      await writeFile(path.join(folder, name), script, { mode: 0o755 })
      written++
    }
  }
  output.write(`${written} scripts are in ${folder}: run each with credentials of the account in its name, then run this again.\n`)
}

/** Null, or why it could not be done. */
async function createRole(
  clients: ReturnType<typeof iamClients>,
  { account }: Wanted,
  component: Component | undefined,
): Promise<string | null> {
  // ACCESS_LOGS has none.
  if (!component?.setup) return null
  const { partition, setup } = component
  const iam = clients.of(account.id, partition)
  try {
    await ensureProvider(iam, setup, `arn:${arnPartitions[partition]}:iam::${account.id}:oidc-provider`)
    await ensureRole(iam, setup)
    const policies = [{ name: setup.inlinePolicyName, document: setup.inlinePolicy }, ...setup.additionalInlinePolicies]
    for (const { name, document } of policies) {
      await iam.send(new PutRolePolicyCommand({ RoleName: setup.roleName, PolicyName: name, PolicyDocument: document }))
    }
    return null
  } catch (error) {
    const { name, message } = error as Error
    return `The role ${setup.roleName} could not be made in AWS: ${name}: ${message}`
  }
}

async function ensureProvider(
  iam: IAMClient,
  { oidcProviderUrl: url, serviceAccountId: audience }: Setup,
  arnPrefix: string,
): Promise<void> {
  if (url === null) return
  await iam.send(new CreateOpenIDConnectProviderCommand({ Url: url, ClientIDList: [audience] })).catch(async (error: unknown) => {
    if (!(error instanceof EntityAlreadyExistsException)) throw error
    const arn = `${arnPrefix}/${url.replace(/^https?:\/\//, '')}`
    await iam.send(new AddClientIDToOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn, ClientID: audience }))
  })
}

async function ensureRole(iam: IAMClient, { roleName: RoleName, trustPolicy }: Setup): Promise<void> {
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trustPolicy })).catch(async (error: unknown) => {
    if (!(error instanceof EntityAlreadyExistsException)) throw error
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: trustPolicy }))
  })
}
