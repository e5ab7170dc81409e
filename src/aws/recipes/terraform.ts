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

/** A Terraform (or OpenTofu) module of its own, with documents as heredocs. */
export function renderTerraform(setup: RoleSetup, options: RecipeOptions): string {
  const hasProvider = oidcProviderOf(setup, options) !== null
  const blocks = [
    comment(introduction(setup, options)),
    requirements(hasProvider),
    ...oidcProvider(setup, options),
    ...(hasSharedRole(setup) ? [comment(sharedRoleNote(setup, 'create_role')), variable('create_role', options.createRole ?? true)] : []),
    role(setup, hasProvider),
    ...policiesOf(setup).map((policy, index) => rolePolicy(setup, policy, index === 0 ? 'gatehouse' : `gatehouse_${index + 1}`)),
  ]
  return `${blocks.join('\n\n')}\n`
}

function introduction(setup: RoleSetup, { partition, accountId }: RecipeOptions): string[] {
  return [
    `Gatehouse: the role ${setup.roleName} in the AWS account ${accountId} (partition ${arnPartitionOf(partition)}).`,
    'Keep it as a module of its own and apply it with credentials of that account.',
  ]
}

/** Provider version 5.81.0 is the first that creates an OIDC provider without a thumbprint. */
function requirements(hasProvider: boolean): string {
  const version = hasProvider ? '\n      version = ">= 5.81.0"' : ''
  return `terraform {
  required_providers {
    aws = {
      source${hasProvider ? ' ' : ''} = "hashicorp/aws"${version}
    }
  }
}`
}

function oidcProvider(setup: RoleSetup, options: RecipeOptions): string[] {
  const provider = oidcProviderOf(setup, options)
  if (provider === null) return []
  return [
    comment(addAudienceNote(setup, provider.arn, 'create_oidc_provider')),
    variable('create_oidc_provider', options.createOidcProvider),
    `resource "aws_iam_openid_connect_provider" "gatehouse" {
  count          = var.create_oidc_provider ? 1 : 0
  url            = ${quote(provider.url)}
  client_id_list = [${quote(setup.serviceAccountId)}]
}`,
  ]
}

function role(setup: RoleSetup, hasProvider: boolean): string {
  const lines = [
    ...(hasSharedRole(setup) ? ['  count              = var.create_role ? 1 : 0'] : []),
    `  name               = ${quote(setup.roleName)}`,
    `  assume_role_policy = ${heredoc(setup.trustPolicy)}`,
    ...(hasProvider ? ['', '  depends_on = [aws_iam_openid_connect_provider.gatehouse]'] : []),
  ]
  return `resource "aws_iam_role" "gatehouse" {\n${lines.join('\n')}\n}`
}

function rolePolicy(setup: RoleSetup, { name, document, withRole }: RecipePolicy, label: string): string {
  const lines = [
    ...(withRole ? ['  count  = var.create_role ? 1 : 0'] : []),
    `  name   = ${quote(name)}`,
    `  role   = ${quote(setup.roleName)}`,
    `  policy = ${heredoc(document)}`,
    '',
    // By name, not by reference: a shared role may be another module's.
    '  depends_on = [aws_iam_role.gatehouse]',
  ]
  return `resource "aws_iam_role_policy" "${label}" {\n${lines.join('\n')}\n}`
}

function variable(name: string, value: boolean): string {
  return `variable "${name}" {\n  type    = bool\n  default = ${value}\n}`
}

/** JSON text has no line that is a bare word, so none can end the heredoc. */
function heredoc(document: string): string {
  return `<<GATEHOUSE_DOCUMENT\n${literal(document)}\nGATEHOUSE_DOCUMENT`
}

function quote(text: string): string {
  return literal(JSON.stringify(text))
}

/** Without the doubled sign Terraform would evaluate what follows it. */
function literal(text: string): string {
  return text.replace(/[$%](?=\{)/g, (sign) => `${sign}${sign}`)
}
