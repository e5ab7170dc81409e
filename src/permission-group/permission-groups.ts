import type { PermissionGroupRow } from './permission-group.ts'

/**
 * The permission groups that ship with the product, by name. An id once shipped stays as it is and keeps its meaning: policies name it.
 * A release may add groups and add permissions to one; it takes none away.
 */
export const shippedPermissionGroups: readonly PermissionGroupRow[] = [
  {
    id: 'pg_01m8099x7jfqa9jnhgn17s6rk9',
    name: 'aws-admin',
    description: 'Run AWS accounts: credentials, synchronisation, roles and who is granted them.',
    permissions: ['awsAccount:*', 'awsCredential:*', 'awsSync:*', 'awsRole:*'],
  },
  {
    id: 'pg_01m8099x7xfqa9jnhsdqpr9tj8',
    name: 'aws-role-user',
    description: 'Use AWS roles.',
    permissions: ['awsRole:read', 'awsRole:assume'],
  },
  {
    id: 'pg_01m8099x7yfqa9jnj74gams60c',
    name: 'aws-role-viewer',
    description: 'See AWS accounts and their roles, without using them.',
    permissions: ['awsAccount:read', 'awsRole:read'],
  },
  {
    id: 'pg_01m8099x7yfqa9jnjbfsv7yd38',
    name: 'component-operator',
    description: 'Stage, verify, configure and remove the components of the AWS integration.',
    permissions: ['integration:read', 'awsAccount:read', 'component:*'],
  },
  {
    id: 'pg_01m8099x7yfqa9jnjpyb7s2vee',
    name: 'group-admin',
    description: 'Run members, groups, their policies and what these apply to.',
    permissions: ['member:*', 'userGroup:*', 'resourceGroup:*', 'permissionGroup:read'],
  },
  {
    id: 'pg_01m8099x7yfqa9jnjswkbnk39z',
    name: 'integration-admin',
    description: 'Run integrations, their components, connectors and resources.',
    permissions: ['integration:*', 'component:*', 'connector:*', 'resource:*', 'awsAccount:read'],
  },
  {
    id: 'pg_01m8099x7yfqa9jnk7hgwp89cn',
    name: 'integration-viewer',
    description: 'See integrations, their components, connectors and resources.',
    permissions: ['integration:read', 'component:read', 'connector:read', 'resource:read', 'awsAccount:read'],
  },
  {
    id: 'pg_01m8099x7yfqa9jnka1b8g57d2',
    name: 'key-admin',
    description: 'Run API keys.',
    permissions: ['apiKey:*'],
  },
  {
    id: 'pg_01m8099x7yfqa9jnkpkfkm4gk2',
    name: 'resource-owner',
    description: 'Look after resources: see and tag them.',
    permissions: ['integration:read', 'resource:read', 'resource:tag'],
  },
  {
    id: 'pg_01m8099x7yfqa9jnkvqbk2fa6t',
    name: 'security-auditor',
    description: 'See everything, the audit trail included, and change nothing.',
    permissions: ['*:read'],
  },
  {
    id: 'pg_01m8099x7yfqa9jnm26ahck1d8',
    name: 'sso-admin',
    description: 'Run SSO connectors.',
    permissions: ['organization:read', 'ssoConnector:*'],
  },
  {
    id: 'pg_01m8099x7zfqa9jnme1zf7k7j9',
    name: 'super-admin',
    description: 'Everything, permissions to come included.',
    permissions: ['*:*'],
  },
  {
    id: 'pg_01m8099x7zfqa9jnmpm08yk0qg',
    name: 'viewer',
    description: 'See what the organization has, its audit trail and API keys aside.',
    permissions: [
      'organization:read',
      'integration:read',
      'component:read',
      'connector:read',
      'resource:read',
      'awsAccount:read',
      'awsRole:read',
      'member:read',
      'userGroup:read',
      'resourceGroup:read',
      'permissionGroup:read',
      'ssoConnector:read',
      'operation:read',
    ],
  },
]
