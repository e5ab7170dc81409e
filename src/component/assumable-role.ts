import type { AssumableRole } from '../aws/aws.type.ts'
import type { RoleSession } from '../aws/verification/assume-role.ts'
import type { Context } from '../context.ts'
import { awsIdentityLoader } from '../identity/aws-identity.loader.ts'
import { type ComponentRow, componentByItemLoader, roleSetupLoader } from './component.loader.ts'

/** The role of the account's component of that kind; null unless it is INSTALLED. */
export async function installedRole(
  context: Context,
  { organizationId }: { organizationId: string },
  kind: 'IAM_ASSESSMENT' | 'IAM_WRITE' | 'INVENTORY',
  accountId: string,
): Promise<AssumableRole | null> {
  const component = await componentByItemLoader(context).load(`${organizationId} ${kind} ${accountId}`)
  return component?.state === 'INSTALLED' ? roleOf(context, component) : null
}

/** Borrows the role of an INVENTORY component that is installed. Throws an AwsProblem where AWS does not lend it. */
export async function openInventory(context: Context, component: ComponentRow, signal: AbortSignal): Promise<RoleSession> {
  const { id, organizationId } = component
  const [role, identity] = await Promise.all([roleOf(context, component), awsIdentityLoader(context).load(organizationId)])
  if (!role || !identity) throw new Error(`the INVENTORY component ${id} has no setup or its organization no identity`)
  return context.accountReader.assume(role, identity, signal)
}

async function roleOf(context: Context, { id, accountId, partition, config }: ComponentRow): Promise<AssumableRole | null> {
  const setup = await roleSetupLoader(context).load(id)
  return setup && { componentId: id, accountId, partition, setup, config: config ?? {} }
}
