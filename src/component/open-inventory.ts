import type { RoleSession } from '../aws/verification/assume-role.ts'
import type { Context } from '../context.ts'
import { awsIdentityLoader } from '../identity/aws-identity.loader.ts'
import { type ComponentRow, roleSetupLoader } from './component.loader.ts'

/** Borrows the role of an INVENTORY component that is installed. Throws an AwsProblem where AWS does not lend it. */
export async function openInventory(context: Context, component: ComponentRow, signal: AbortSignal): Promise<RoleSession> {
  const { id, organizationId, accountId, partition } = component
  const [setup, identity] = await Promise.all([roleSetupLoader(context).load(id), awsIdentityLoader(context).load(organizationId)])
  if (!setup || !identity) throw new Error(`the INVENTORY component ${id} has no setup or its organization no identity`)
  return context.accountReader.assume({ componentId: id, accountId, partition, setup, config: {} }, identity, signal)
}
