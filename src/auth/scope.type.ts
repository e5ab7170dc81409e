import { describeEnum } from '../platform/enum.ts'
import { Scope } from './scope.ts'

describeEnum(Scope, 'Scope', 'What a credential may do.', {
  ADMIN: 'Everything in its organization but CONNECTOR.',
  ORGANIZATIONS_READ: 'See the organization.',
  ORGANIZATIONS_WRITE: 'Change or delete the organization.',
  INTEGRATIONS_READ: 'See integrations.',
  INTEGRATIONS_WRITE: 'Install, change and remove integrations.',
  COMPONENTS_READ: 'See the components of the AWS integration, their verifications and history.',
  COMPONENTS_WRITE: 'Stage, verify, configure and remove components.',
  AWS_READ: 'See AWS accounts and what is known of them.',
  AWS_WRITE: 'Sync AWS accounts and map AWS roles.',
  AWS_CREDENTIALS_WRITE: 'Put and delete AWS credentials.',
  USER_GROUPS_READ: 'See members, groups and policies.',
  USER_GROUPS_WRITE: 'Change members, groups and policies.',
  SSO_READ: 'See SSO connectors.',
  SSO_WRITE: 'Change SSO connectors.',
  API_KEYS_READ: 'See API keys, never their secrets.',
  API_KEYS_WRITE: 'Make, rotate and revoke API keys with scopes it holds itself.',
  AUDIT_READ: 'Read the audit trail.',
  CONNECTOR: 'Report what a connector agent discovers; comes from registering a connector alone.',
})

export { Scope }
