/** How what was found is mended, in sentences that name the document and the command. */

export function createProvider(url: string, audience: string): string {
  return `Create the IAM OIDC provider: aws iam create-open-id-connect-provider --url ${url} --client-id-list ${audience} (console: IAM > Identity providers > Add provider).`
}

export function addClientId(providerArn: string, audience: string): string {
  return `Add the client id to the provider: aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn ${providerArn} --client-id ${audience} (console: IAM > Identity providers > Audiences).`
}

export function applyTrustPolicy(roleName: string): string {
  return `Replace its trust policy by the setup's trustPolicy: aws iam update-assume-role-policy --role-name ${roleName} --policy-document file://trust-policy.json (console: IAM > Roles > ${roleName} > Trust relationships).`
}

export function applyInlinePolicies(roleName: string, policyNames: string[]): string {
  const commands = policyNames.map(
    (name) => `aws iam put-role-policy --role-name ${roleName} --policy-name ${name} --policy-document file://${name}.json`,
  )
  return `Put the setup's document of that name into the role: ${commands.join('; ')} (console: IAM > Roles > ${roleName} > Permissions).`
}

/** For calls that the verified inline policy allows and AWS denies all the same. */
export function allowCall(roleName: string, action: string): string {
  return `Give ${roleName} the setup's inline policy, which allows ${action}, and see that no permissions boundary and no service control policy denies it. After a change give AWS a minute, then verify again.`
}
