import { parseSecretArn } from '../aws/arn.ts'
import { type UserErrorValue, userError } from '../platform/errors.ts'
import { vaultReferenceProblems } from '../vault/vault-reference.ts'
import type { CatalogueEntry } from './catalogue.ts'
import { type GivenSecretStore, givenMember } from './secret-store.ts'

const maxParameters = 50
const maxLength = 10_000
const maxReferenceLength = 2_000

type Path = (string | number)[]

/** What is wrong with a store for a secret of that type. */
export function checkSecretStore(organizationId: string, entry: CatalogueEntry, given: GivenSecretStore, path: Path): UserErrorValue[] {
  const { member, kind, fields } = givenMember(given)
  const at = [...path, member]
  if (!entry.supportedSecretStores.includes(kind)) {
    const supported = entry.supportedSecretStores.join(', ')
    const message = supported ? `Its secret may lie in ${supported}.` : 'It has no secret.'
    return [userError.validation('INVALID_VALUE', at, `The type ${entry.type} does not support ${kind}. ${message}`)]
  }
  if (kind === 'BUILT_IN') return checkParameters(entry, (fields as { parameters: object }).parameters, [...at, 'parameters'])
  const errors = Object.entries(fields).flatMap(([field, value]) => checkText(field, value, maxReferenceLength, false, [...at, field]))
  // What an agent reads is read with the agent's own rights.
  return errors.length > 0 || entry.discovery === 'CONNECTOR' ? errors : checkReference(organizationId, given, at)
}

/** The refusal where a type needs a secret and there is none. */
export function secretMissing(entry: CatalogueEntry, path: Path): UserErrorValue {
  const stores = entry.supportedSecretStores.join(', ')
  return userError.validation('REQUIRED_VALUE_MISSING', path, `The type ${entry.type} needs a secret, in one of ${stores}.`)
}

/** What this server reads has to lie where it is certain to be the organization's own. */
function checkReference(organizationId: string, { aws, hashicorpVault }: GivenSecretStore, path: Path): UserErrorValue[] {
  if (hashicorpVault) {
    return vaultReferenceProblems(organizationId, hashicorpVault).map(({ field, message }) =>
      userError.validation('VALUE_INCORRECT_FORMAT', [...path, field], message),
    )
  }
  if (!aws) return []
  const arn = parseSecretArn(aws.secretId)
  if ('problem' in arn) return [userError.validation('VALUE_INCORRECT_FORMAT', [...path, 'secretId'], `${arn.problem.message}.`)]
  if (arn.region === aws.region) return []
  return [userError.validation('INVALID_VALUE', [...path, 'region'], `The ARN in secretId is of ${arn.region}: region must be the same.`)]
}

/** What keeps a value from being one of a secret, in words that say nothing of it; null if nothing does. */
export function secretValueProblem(name: string, value: unknown): string | null {
  return checkText(name, value, maxLength, true, [])[0]?.message ?? null
}

function checkParameters({ secretParameters = [] }: CatalogueEntry, parameters: object, path: Path): UserErrorValue[] {
  const names = Object.keys(parameters)
  if (names.length > maxParameters)
    return [userError.validation('VALUE_OUT_OF_BOUNDS', path, `A secret holds at most ${maxParameters} values; these are ${names.length}.`)]
  return [
    ...Object.entries(parameters).flatMap(([name, value]) =>
      secretParameters.includes(name)
        ? checkText(name, value, maxLength, true, [...path, name])
        : [
            userError.validation(
              'INVALID_VALUE',
              [...path, name],
              `The secret has no such value. It holds ${secretParameters.join(', ')}.`,
            ),
          ],
    ),
    ...secretParameters
      .filter((name) => !Object.hasOwn(parameters, name))
      .map((name) => userError.validation('REQUIRED_VALUE_MISSING', [...path, name], `The secret needs a ${name}.`)),
  ]
}

/** Says nothing of the value itself: it may be a secret. */
function checkText(name: string, value: unknown, max: number, multiline: boolean, path: Path): UserErrorValue[] {
  if (typeof value !== 'string') return [userError.validation('VALUE_INCORRECT_TYPE', path, `${name} must be a text.`)]
  if (value.length < 1 || value.length > max)
    return [userError.validation('VALUE_OUT_OF_BOUNDS', path, `${name} must have 1 to ${max} characters.`)]
  if ((multiline ? /[^\P{Cc}\t\r\n]|\p{Cs}/u : /[\p{Cc}\p{Cs}]/u).test(value))
    return [userError.validation('VALUE_INCORRECT_FORMAT', path, `${name} must not contain control characters.`)]
  return []
}
