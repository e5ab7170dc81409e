import type { ComponentConfig, VerificationReport } from '../aws/aws.type.ts'
import type { Context } from '../context.ts'
import { Refusal } from '../platform/errors.ts'
import type { ComponentConfigInput } from './component.input.ts'
import { nextState } from './component.lifecycle.ts'
import { mergedConfig } from './component-config.ts'
import type { Effect } from './component-effect.ts'
import { verificationRequest } from './verification-request.ts'
import {
  type Attempt,
  assertAssessment,
  attempt,
  type ComponentReference,
  inputPaths,
  notAllowed,
  type ReferencePaths,
  requireComponent,
} from './verify-component.ts'

/** Stores a configuration that AWS bears out: all or nothing. From CONFIGURE it leads to INSTALLED, where it may be given anew. */
export async function configureComponent(
  context: Context,
  { config: input, ...reference }: ComponentReference & { config: ComponentConfigInput },
  options: { at?: ReferencePaths; signal?: AbortSignal } = {},
): Promise<Attempt> {
  const at = options.at ?? inputPaths
  const component = await requireComponent(context, reference, at)
  if (component.kind === 'BASE') throw new Refusal(notAllowed(component, 'CONFIGURE', at.id))
  const config = mergedConfig(component, input, at.config)
  const toState = nextState('CONFIGURE', component.state)
  if (!toState) throw new Refusal(notAllowed(component, 'CONFIGURE', at.id))
  const request = await verificationRequest(context, component, config, 'CONFIGURE', at.id)
  assertAssessment(request, at.config)
  return attempt(context, component, request, options.signal, at, (report): Effect => {
    if (report.outcome !== 'PASSED') return { kind: 'none' }
    return { kind: 'transition', action: 'CONFIGURE', toState, health: 'HEALTHY', config: withFound(config, report) }
  })
}

/** The instance of Identity Center is not given by the caller but found. */
function withFound(config: ComponentConfig, { learned }: VerificationReport): ComponentConfig {
  return config.login?.type === 'identityCenter' && learned.identityCenter
    ? { ...config, login: { ...config.login, ...learned.identityCenter } }
    : config
}
