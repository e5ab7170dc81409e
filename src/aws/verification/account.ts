import { GetOpenIDConnectProviderCommand, ListAccountAliasesCommand } from '@aws-sdk/client-iam'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import type { RoleSetup, VerificationCheck } from '../aws.type.ts'
import { arnPartitionOf, defaultRegion } from '../partition.ts'
import { ask, askPatiently, describe, isMissing, patiently, UpstreamProblem } from './answer.ts'
import { type Role, type RoleSession, roleArn, STS } from './assume-role.ts'
import { failed, passed } from './check.ts'
import { addClientId, createProvider } from './remediation.ts'
import { IAM, iamClient } from './role-documents.ts'
import type { Run } from './run.ts'
import { readTrustExpectation } from './trust-policy.ts'

/** Whose credentials AWS gave: ACCOUNT_MATCHES and PARTITION_MATCHES. */
export async function checkCaller(run: Run, session: RoleSession, role: Role): Promise<VerificationCheck[]> {
  const client = run.clients.sts(defaultRegion(session.partition, run.awsRegion ?? undefined), session.credentials)
  const answer = await askPatiently(run, STS, (options) => client.send(new GetCallerIdentityCommand({}), options))
  const refusal = 'refusal' in answer ? describe(answer.refusal) : null
  const caller = 'value' in answer ? answer.value : null
  const comparisons = [
    { code: 'ACCOUNT_MATCHES', noun: 'account', expected: role.accountId, actual: caller?.Account },
    { code: 'PARTITION_MATCHES', noun: 'partition', expected: arnPartitionOf(role.partition), actual: caller?.Arn?.split(':')[1] },
  ] as const
  return comparisons.map(({ code, noun, expected, actual }) => {
    if (actual === expected) return passed(code, `The credentials are of the ${noun} ${expected}.`, { expected, actual })
    return failed(code, {
      message: `The credentials are not of the ${noun} of this component.`,
      expected,
      actual: actual ?? refusal ?? 'no answer about it',
      remediation: `Remove the component and stage it for the ${noun} that ${roleArn(role)} really is in; see that nothing between this server and AWS redirects its calls.`,
    })
  })
}

/** That the provider lists the audience; a role that may not read it was let in through it all the same. */
export async function checkProvider(run: Run, session: RoleSession, setup: RoleSetup): Promise<VerificationCheck> {
  const arn = readTrustExpectation(setup.trustPolicy).federated
  const audience = setup.serviceAccountId
  const client = iamClient(run, session)
  const command = new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn })
  const answer = await patiently(
    run,
    () => askPatiently(run, IAM, (options) => client.send(command, options)),
    (answer) => 'refusal' in answer || (answer.value.ClientIDList ?? []).includes(audience),
  )
  const expected = `${arn} with the audience ${audience}`
  if ('value' in answer) {
    const audiences = answer.value.ClientIDList ?? []
    if (audiences.includes(audience)) return passed('OIDC_PROVIDER_EXISTS', "The IAM OIDC provider lists this organization's audience.")
    return failed('OIDC_PROVIDER_EXISTS', {
      message: "The account's IAM OIDC provider does not list this organization's audience.",
      expected,
      actual: audiences.length === 0 ? 'no audience' : `the audiences ${audiences.join(', ')}`,
      remediation: addClientId(arn, audience),
    })
  }
  if (!isMissing(answer.refusal)) {
    return passed(
      'OIDC_PROVIDER_EXISTS',
      `AWS accepted the token through the provider. The role is not allowed to read it (${describe(answer.refusal)}).`,
    )
  }
  return failed('OIDC_PROVIDER_EXISTS', {
    message: `The account has no IAM OIDC provider for ${setup.oidcProviderUrl ?? setup.issuer}.`,
    expected,
    actual: describe(answer.refusal),
    remediation: createProvider(setup.oidcProviderUrl ?? setup.issuer, audience),
  })
}

/** The account's alias, null where it has none, undefined where it could not be read: it is a name, not a check. */
export async function readAccountAlias(run: Pick<Run, 'clients' | 'signal'>, session: RoleSession): Promise<string | null | undefined> {
  const client = iamClient(run, session)
  try {
    const answer = await ask(run, IAM, (options) => client.send(new ListAccountAliasesCommand({}), options))
    return 'value' in answer ? (answer.value.AccountAliases?.[0] ?? null) : undefined
  } catch (error) {
    if (error instanceof UpstreamProblem) return undefined
    throw error
  }
}
