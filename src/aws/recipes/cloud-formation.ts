import type { RoleSetup } from '../aws.type.ts'
import { arnPartitionOf } from '../partition.ts'
import {
  addAudienceNote,
  comment,
  hasSharedRole,
  oidcProviderOf,
  policiesOf,
  type RecipeOptions,
  type RecipePolicy,
  sharedRoleNote,
} from './recipe.ts'

/** A CloudFormation template in YAML; the documents stand in it as JSON, which is YAML too. */
export function renderCloudFormation(setup: RoleSetup, options: RecipeOptions): string {
  const provider = oidcProviderOf(setup, options)
  const switches = switchesOf(setup, options)
  const resources = [
    ...(provider === null ? [] : [oidcProvider(setup, provider.url)]),
    role(setup, provider !== null),
    ...policiesOf(setup).map((policy, index) => rolePolicy(setup, policy, index === 0 ? 'InlinePolicy' : `InlinePolicy${index + 1}`)),
  ]
  const sections = [
    `${comment(introduction(setup, options))}\nAWSTemplateFormatVersion: "2010-09-09"`,
    ...(switches.length === 0
      ? []
      : [`Parameters:\n${switches.map(parameter).join('\n')}`, `Conditions:\n${switches.map(condition).join('\n')}`]),
    `Resources:\n${resources.join('\n\n')}`,
  ]
  return `${sections.join('\n\n')}\n`
}

const CONDITIONS = { CreateOidcProvider: 'OidcProviderIsCreated', CreateRole: 'RoleIsCreated' }

interface Switch {
  name: keyof typeof CONDITIONS
  value: boolean
  note: string[]
}

function switchesOf(setup: RoleSetup, options: RecipeOptions): Switch[] {
  const switches: Switch[] = []
  const provider = oidcProviderOf(setup, options)
  if (provider !== null) {
    const note = addAudienceNote(setup, provider.arn, 'CreateOidcProvider')
    switches.push({ name: 'CreateOidcProvider', value: options.createOidcProvider, note })
  }
  if (hasSharedRole(setup)) {
    switches.push({ name: 'CreateRole', value: options.createRole ?? true, note: sharedRoleNote(setup, 'CreateRole') })
  }
  return switches
}

function introduction(setup: RoleSetup, { partition, accountId }: RecipeOptions): string[] {
  return [
    `Gatehouse: the role ${setup.roleName} in the AWS account ${accountId} (partition ${arnPartitionOf(partition)}).`,
    'Create the stack with credentials of that account, in any region, with the capability CAPABILITY_NAMED_IAM.',
  ]
}

function parameter({ name, value, note }: Switch): string {
  return `  ${name}:
    Type: String
    AllowedValues: ["true", "false"]
    Default: "${value}"
    Description: ${JSON.stringify(note.join(' '))}`
}

function condition({ name }: Switch): string {
  return `  ${CONDITIONS[name]}: !Equals [!Ref ${name}, "true"]`
}

function oidcProvider(setup: RoleSetup, url: string): string {
  return `  OidcProvider:
    Type: AWS::IAM::OIDCProvider
    Condition: OidcProviderIsCreated
    Properties:
      Url: ${JSON.stringify(url)}
      ClientIdList: [${JSON.stringify(setup.serviceAccountId)}]`
}

function role(setup: RoleSetup, hasProvider: boolean): string {
  const lines = [
    '  Role:',
    '    Type: AWS::IAM::Role',
    ...(hasSharedRole(setup) ? ['    Condition: RoleIsCreated'] : []),
    ...(hasProvider ? [PROVIDER_FIRST] : []),
    '    Properties:',
    `      RoleName: ${JSON.stringify(setup.roleName)}`,
    `      AssumeRolePolicyDocument:\n${indented(setup.trustPolicy)}`,
  ]
  return lines.join('\n')
}

/** DependsOn must not name a resource that may be left out; a reference may, and it too has the provider made before the role. */
const PROVIDER_FIRST = `    Metadata:
      OidcProvider: !If [OidcProviderIsCreated, !Ref OidcProvider, "exists already"]`

function roleHereOrElsewhere({ roleName }: RoleSetup): string {
  return `!If [RoleIsCreated, !Ref Role, ${JSON.stringify(roleName)}]`
}

function rolePolicy(setup: RoleSetup, { name, document, withRole }: RecipePolicy, label: string): string {
  const lines = [
    `  ${label}:`,
    '    Type: AWS::IAM::RolePolicy',
    ...(withRole ? ['    Condition: RoleIsCreated'] : []),
    '    Properties:',
    `      RoleName: ${hasSharedRole(setup) && !withRole ? roleHereOrElsewhere(setup) : '!Ref Role'}`,
    `      PolicyName: ${JSON.stringify(name)}`,
    `      PolicyDocument:\n${indented(document)}`,
  ]
  return lines.join('\n')
}

/** JSON has no newline inside a string, so the indentation changes nothing in it. */
function indented(document: string): string {
  return document.replace(/^/gm, '        ')
}
