import type { RoleSetup } from '../aws.type.ts'
import { arnPartitionOf, defaultRegion } from '../partition.ts'
import { comment, hasSharedRole, oidcProviderOf, policiesOf, type RecipeOptions } from './recipe.ts'

/** A POSIX shell script; running it again, or for a further function of a shared role, brings the account to the same state. */
export function renderAwsCli(setup: RoleSetup, options: RecipeOptions): string {
  const { partition, accountId } = options
  const region = defaultRegion(partition)
  const sections = [
    `#!/bin/sh\n${comment(introduction(setup, options))}\nset -eu`,
    `AWS_REGION=${region} AWS_DEFAULT_REGION=${region} AWS_PAGER=\nexport AWS_REGION AWS_DEFAULT_REGION AWS_PAGER`,
    accountGuard(accountId),
    createFunction(oidcProviderOf(setup, options) !== null),
    ...oidcProvider(setup, options),
    role(setup),
    ...policiesOf(setup).map(
      ({ name, document }) =>
        `aws iam put-role-policy --role-name ${quote(setup.roleName)} --policy-name ${quote(name)} --policy-document ${quote(document)}`,
    ),
    `echo ${quote(`${setup.roleName} is set up in account ${accountId}.`)}`,
  ]
  return `${sections.join('\n\n')}\n`
}

function introduction(setup: RoleSetup, { partition, accountId }: RecipeOptions): string[] {
  return [
    `Gatehouse: sets up the role ${setup.roleName} in the AWS account ${accountId} (partition ${arnPartitionOf(partition)}).`,
    'Run it with credentials of that account that may write IAM. It can be run again.',
    ...(hasSharedRole(setup) ? ["The account's functions share the role: each function's script adds its own policy to it."] : []),
  ]
}

function accountGuard(accountId: string): string {
  return `account_id=$(aws sts get-caller-identity --query Account --output text)
if [ "$account_id" != ${quote(accountId)} ]; then
  echo "These credentials are of the account $account_id, not of ${accountId}." >&2
  exit 1
fi`
}

function createFunction(hasProvider: boolean): string {
  const withoutThumbprint = `
    # The AWS CLI up to April 2024 insists on the option; with no value it sends no thumbprint.
    *'arguments are required: --thumbprint-list'*) create "$@" --thumbprint-list; return ;;`
  return `# Creates something: 0 done, 1 it exists already; whatever else AWS answers ends the script.
create() {
  if output=$(aws "$@" 2>&1); then return 0; fi
  case $output in
    *EntityAlreadyExists*) return 1 ;;${hasProvider ? withoutThumbprint : ''}
  esac
  printf '%s\\n' "$output" >&2
  exit 1
}`
}

function oidcProvider(setup: RoleSetup, options: RecipeOptions): string[] {
  const provider = oidcProviderOf(setup, options)
  if (provider === null) return []
  const audience = quote(setup.serviceAccountId)
  return [
    `create iam create-open-id-connect-provider --url ${quote(provider.url)} --client-id-list ${audience} ||
  aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn ${quote(provider.arn)} --client-id ${audience}`,
  ]
}

function role({ roleName, trustPolicy }: RoleSetup): string {
  return `trust_policy=${quote(trustPolicy)}
create iam create-role --role-name ${quote(roleName)} --assume-role-policy-document "$trust_policy" ||
  aws iam update-assume-role-policy --role-name ${quote(roleName)} --policy-document "$trust_policy"`
}

/** Between single quotes the shell takes every character as it is, but for the single quote itself. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
