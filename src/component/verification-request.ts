import type { ComponentConfig, VerifiableKind, VerificationRequest } from '../aws/aws.type.ts'
import type { Context } from '../context.ts'
import { awsIdentityLoader } from '../identity/aws-identity.loader.ts'
import { Refusal, userError } from '../platform/errors.ts'
import { installedRole } from './assumable-role.ts'
import { type ComponentRow, roleSetupLoader } from './component.loader.ts'

/**
 * All that a verification of the component needs to know, read before AWS is called. `config` is the one to verify; `path` is where the
 * component stands in the mutation's input.
 */
export async function verificationRequest(
  context: Context,
  component: ComponentRow,
  config: ComponentConfig,
  trigger: VerificationRequest['trigger'],
  path: (string | number)[],
): Promise<VerificationRequest> {
  const { id, organizationId, kind, accountId, partition, itemId } = component
  const parentId = config.login?.type === 'identityCenter' ? config.login.parentAccountId : null
  const [setup, identity, assessment, parent] = await Promise.all([
    roleSetupLoader(context).load(id),
    awsIdentityLoader(context).load(organizationId),
    kind === 'ACCESS_LOGS' ? installedRole(context, component, 'IAM_ASSESSMENT', accountId) : null,
    parentId === null || parentId === accountId ? null : installedRole(context, component, 'IAM_WRITE', parentId),
  ])
  // An identity goes with its organization only, and that with everything, also with the component that was read a moment ago.
  if (!identity) throw new Refusal(userError.notFound(path, 'component'))
  const own = setup && { componentId: id, accountId, partition, setup, config }
  return {
    trigger,
    kind: kind as VerifiableKind,
    componentId: id,
    accountId,
    partition,
    itemId,
    setup,
    config,
    identity,
    assessment,
    parent: parentId === accountId ? own : parent,
    decoyRefusedFor: setup?.decoyRefusedFor ?? null,
  }
}
