/** What a credential may do. A noun's READ covers looking at it, its WRITE changing it. */
export const Scope = {
  ADMIN: 'ADMIN',
  ORGANIZATIONS_READ: 'ORGANIZATIONS_READ',
  ORGANIZATIONS_WRITE: 'ORGANIZATIONS_WRITE',
  INTEGRATIONS_READ: 'INTEGRATIONS_READ',
  INTEGRATIONS_WRITE: 'INTEGRATIONS_WRITE',
  COMPONENTS_READ: 'COMPONENTS_READ',
  COMPONENTS_WRITE: 'COMPONENTS_WRITE',
  AWS_READ: 'AWS_READ',
  AWS_WRITE: 'AWS_WRITE',
  AWS_CREDENTIALS_WRITE: 'AWS_CREDENTIALS_WRITE',
  USER_GROUPS_READ: 'USER_GROUPS_READ',
  USER_GROUPS_WRITE: 'USER_GROUPS_WRITE',
  SSO_READ: 'SSO_READ',
  SSO_WRITE: 'SSO_WRITE',
  API_KEYS_READ: 'API_KEYS_READ',
  API_KEYS_WRITE: 'API_KEYS_WRITE',
  AUDIT_READ: 'AUDIT_READ',
  CONNECTOR: 'CONNECTOR',
} as const
export type Scope = keyof typeof Scope

/** Whether a credential with these scopes may do what `scope` covers. ADMIN holds all but CONNECTOR. */
export function holds(scopes: readonly Scope[], scope: Scope): boolean {
  return scopes.includes(scope) || (scope !== 'CONNECTOR' && scopes.includes('ADMIN'))
}
