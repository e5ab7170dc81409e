import { GetRoleCommand, GetRolePolicyCommand } from '@aws-sdk/client-iam'
import type { NamedPolicy, RoleSetup, VerificationCheck } from '../aws.type.ts'
import { defaultRegion } from '../partition.ts'
import { inlinePolicyDifferences, type PolicyDifference } from '../policy-document.ts'
import { type Answer, askPatiently, describe, isMissing, type Refusal } from './answer.ts'
import { type Role, type RoleSession, roleArn } from './assume-role.ts'
import { failed, passed } from './check.ts'
import { tryDecoy } from './decoy.ts'
import { allowCall, applyInlinePolicies, applyTrustPolicy } from './remediation.ts'
import type { Run } from './run.ts'
import { trustPolicyDifferences } from './trust-policy.ts'

export const IAM = 'AWS IAM'

/** The role's trust policy as AWS holds it, or its refusal to show it. */
export type TrustDocument = Answer<string>

export function iamClient(run: Pick<Run, 'clients'>, { partition, credentials }: RoleSession) {
  // IAM has one endpoint a partition, whatever the default region.
  return run.clients.iam(defaultRegion(partition), credentials)
}

export async function readTrustDocument(run: Run, session: RoleSession, { roleName }: RoleSetup): Promise<TrustDocument> {
  const client = iamClient(run, session)
  const answer = await askPatiently(run, IAM, (options) => client.send(new GetRoleCommand({ RoleName: roleName }), options))
  return 'refusal' in answer ? answer : { value: decodeDocument(answer.value.Role?.AssumeRolePolicyDocument) }
}

/** Only a role that is gone again fails: one that could be assumed and may not read itself exists. */
export function checkRoleExists(role: Role, document: TrustDocument): VerificationCheck {
  const { roleName } = role.setup
  if ('value' in document) return passed('ROLE_EXISTS', `The role ${roleName} exists.`)
  if (!isMissing(document.refusal)) {
    return passed(
      'ROLE_EXISTS',
      `The role ${roleName} exists: it could be assumed. It is not allowed to read itself (${describe(document.refusal)}).`,
    )
  }
  return failed('ROLE_EXISTS', {
    message: `The role ${roleName} could be assumed, and is gone.`,
    expected: roleArn(role),
    actual: describe(document.refusal),
    remediation: `Create the role ${roleName} with one of the setup's recipes, then verify again.`,
  })
}

/** The document decides; where it matches, the decoy corroborates. `refusedFor` is what the decoy was refused for just now. */
export async function checkTrustPolicy(
  run: Run,
  role: Role,
  document: TrustDocument,
): Promise<{ check: VerificationCheck; refusedFor?: string }> {
  const { roleName, trustPolicy } = role.setup
  const expected = "The setup's trustPolicy"
  if ('refusal' in document) {
    const message = `The trust policy could not be read: ${roleName} is not allowed to read itself.`
    const remediation = allowCall(roleName, 'iam:GetRole on the role itself')
    return { check: failed('TRUST_POLICY_MATCHES', { message, expected, actual: describe(document.refusal), remediation }) }
  }
  const differences = trustPolicyDifferences(trustPolicy, document.value)
  if (differences.length > 0) {
    const message = 'The trust policy is not the one that was handed out.'
    return { check: failed('TRUST_POLICY_MATCHES', { message, ...list(differences), remediation: applyTrustPolicy(roleName) }) }
  }
  const decoy = await tryDecoy(run, role, document.value)
  if (!decoy.accepted)
    return { check: passed('TRUST_POLICY_MATCHES', `The trust policy matches. ${decoy.note}`), refusedFor: decoy.refusedFor }
  return {
    check: failed('TRUST_POLICY_MATCHES', {
      message: 'AWS let in a subject that is not this organization, although the document matches.',
      expected: 'AWS refuses every subject but this organization',
      actual: 'AWS gave credentials to the reserved subject of the trust check; they were dropped',
      remediation: `${applyTrustPolicy(roleName)} Give AWS a minute to take the document up, then verify again.`,
    }),
  }
}

export async function checkInlinePolicies(run: Run, session: RoleSession, setup: RoleSetup): Promise<VerificationCheck[]> {
  const { roleName, inlinePolicyName, inlinePolicy, additionalInlinePolicies } = setup
  const expected: NamedPolicy[] = [{ name: inlinePolicyName, document: inlinePolicy }, ...additionalInlinePolicies]
  const client = iamClient(run, session)
  const found = await Promise.all(
    expected.map(async ({ name, document }) => {
      const command = new GetRolePolicyCommand({ RoleName: roleName, PolicyName: name })
      const answer = await askPatiently(run, IAM, (options) => client.send(command, options))
      return { name, document, answer }
    }),
  )
  const refused = found.flatMap(({ name, answer }) => ('refusal' in answer ? [{ name, refusal: answer.refusal }] : []))
  if (refused.length > 0) return refusedPolicies(setup, refused)
  const differing = found.flatMap(({ name, document, answer }) => {
    const text = 'value' in answer ? decodeDocument(answer.value.PolicyDocument) : ''
    return inlinePolicyDifferences(document, text).map((difference) => ({ name, difference }))
  })
  const names = expected.map(({ name }) => name).join(' and ')
  const exists = passed('INLINE_POLICY_EXISTS', `The role has ${names}.`)
  if (differing.length === 0) return [exists, passed('INLINE_POLICY_MATCHES', `${names}: as handed out.`)]
  const changed = [...new Set(differing.map(({ name }) => name))]
  const mismatch = failed('INLINE_POLICY_MATCHES', {
    message: `${changed.join(' and ')}: not as handed out.`,
    ...list(differing.map(({ difference }) => difference)),
    remediation: applyInlinePolicies(roleName, changed),
  })
  return [exists, mismatch]
}

/** Policies that are missing leave nothing to compare; those that may not be read fail both checks. */
function refusedPolicies({ roleName }: RoleSetup, refused: { name: string; refusal: Refusal }[]): VerificationCheck[] {
  const expected = refused.map(({ name }) => `the inline policy ${name}`).join('; ')
  const actual = refused.map(({ name, refusal }) => `${name}: ${describe(refusal)}`).join('; ')
  const missing = refused.filter(({ refusal }) => isMissing(refusal)).map(({ name }) => name)
  if (missing.length > 0) {
    const message = `The role has no ${missing.join(' and no ')}.`
    return [failed('INLINE_POLICY_EXISTS', { message, expected, actual, remediation: applyInlinePolicies(roleName, missing) })]
  }
  const message = `The inline policies could not be read: ${roleName} is not allowed to read itself.`
  const remediation = allowCall(roleName, 'iam:GetRolePolicy on the role itself')
  return (['INLINE_POLICY_EXISTS', 'INLINE_POLICY_MATCHES'] as const).map((code) =>
    failed(code, { message, expected, actual, remediation }),
  )
}

/** IAM answers with documents URL-encoded. What is not decodable is compared as it is, and then differs. */
function decodeDocument(encoded = ''): string {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return encoded
  }
}

function list(differences: PolicyDifference[]): { expected: string; actual: string } {
  return {
    expected: differences.map(({ expected }) => expected).join('; '),
    actual: differences.map(({ actual }) => actual).join('; '),
  }
}
