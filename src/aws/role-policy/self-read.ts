/** What every role may read of itself, so that a verification can compare it with what was handed out. */
import { allowInAccount, iamArn, type PolicyScope, type Statement } from './statement.ts'

/** `providerArn` is null where AWS has the identity provider built in. */
export function selfReadStatements(scope: PolicyScope, roleName: string, providerArn: string | null): Statement[] {
  return [
    allowInAccount(scope, 'ReadThisRole', ['iam:GetRole', 'iam:GetRolePolicy'], iamArn(scope, `role/${roleName}`)),
    ...(providerArn === null ? [] : [allowInAccount(scope, 'ReadIdentityProvider', ['iam:GetOpenIDConnectProvider'], providerArn)]),
    allowInAccount(scope, 'ReadAccountAlias', ['iam:ListAccountAliases'], '*'),
  ]
}
