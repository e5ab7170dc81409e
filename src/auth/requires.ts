import { Extensions } from 'type-graphql'
import type { Scope } from './scope.ts'
import type { Requirement } from './viewer.ts'

const declare = (requires: Requirement) => Extensions({ requires })

/** The field needs all of these scopes. Enforced around its resolver and shown to routers as @requiresScopes. */
export const Requires = (...scopes: Scope[]) => declare({ scopes })

/** The field needs any of these scopes; what it shows is cut down to those held. */
export const RequiresAny = (...anyOf: Scope[]) => declare({ anyOf })

/** The field needs a valid credential, whatever its scopes. */
export const RequiresSignIn = () => declare({ signedIn: true })

export const RequiresPlatformAdministrator = () => declare({ platformAdministrator: true })
