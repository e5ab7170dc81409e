import type { ComponentAction, ComponentKind, ComponentState } from '../generated/prisma/enums.ts'

/** From which states an action may start, and where a success of it leads. INSTALLED is staged again only with allowRestage. */
const table: Record<Exclude<ComponentAction, 'REMOVE'>, Partial<Record<ComponentState, ComponentState>>> = {
  STAGE: { STAGE: 'STAGE', CONFIGURE: 'STAGE', INSTALLED: 'STAGE' },
  VERIFY: { STAGE: 'CONFIGURE', CONFIGURE: 'CONFIGURE', INSTALLED: 'INSTALLED' },
  CONFIGURE: { CONFIGURE: 'INSTALLED', INSTALLED: 'INSTALLED' },
}

const actions: ComponentAction[] = ['STAGE', 'VERIFY', 'CONFIGURE', 'REMOVE']

/** What a caller may do next. BASE is the server's own: nothing. */
export function allowedActions(kind: ComponentKind, state: ComponentState): ComponentAction[] {
  if (kind === 'BASE') return []
  return actions.filter((action) => action === 'REMOVE' || nextState(action, state) !== null)
}

/** The state an action leads to when it succeeds, or null where it may not start. */
export function nextState(action: Exclude<ComponentAction, 'REMOVE'>, from: ComponentState): ComponentState | null {
  return table[action][from] ?? null
}
