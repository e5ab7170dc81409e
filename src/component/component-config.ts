import { parseServiceArn } from '../aws/arn.ts'
import type { ComponentConfig, IamWriteLogin } from '../aws/aws.type.ts'
import { Refusal, refuseIfAny, type UserErrorCode, type UserErrorValue, userError } from '../platform/errors.ts'
import type { ComponentConfigInput, IamWriteLoginInput } from './component.input.ts'
import type { ComponentRow } from './component.loader.ts'

const memberOfKind = {
  IAM_ASSESSMENT: 'iamAssessment',
  IAM_WRITE: 'iamWrite',
  FUNCTION_CALLER: 'functionCaller',
  ACCESS_LOGS: 'accessLogs',
  INVENTORY: 'inventory',
} as const

type Path = (string | number)[]

/** The configuration to store: what is given over what is stored. Throws a Refusal with everything that is wrong, each at its path. */
export function mergedConfig(component: ComponentRow, input: ComponentConfigInput, at: Path): ComponentConfig {
  const { kind } = component
  if (kind === 'BASE') throw new Error('BASE has no configuration')
  const member = memberOfKind[kind]
  const given = (Object.keys(input) as (keyof ComponentConfigInput)[]).find((name) => input[name] != null)
  if (given !== member) {
    throw new Refusal(
      userError.validation('INVALID_VALUE', [...at, given ?? member], `A component of kind ${kind} is configured with ${member}.`),
    )
  }
  const stored = component.config ?? {}
  const path = [...at, member]
  if (input.iamAssessment) return analyzerConfig(component, stored, input.iamAssessment.accessAnalyzerArn, path)
  if (input.accessLogs) return eventDataStoreConfig(component, stored, input.accessLogs.cloudLakeArn, path)
  if (input.iamWrite) return { ...stored, login: loginOf(stored.login ?? null, input.iamWrite.login, [...path, 'login']) }
  if (input.functionCaller?.confirm === false || input.inventory?.confirm === false) {
    throw new Refusal(userError.validation('INVALID_VALUE', [...path, 'confirm'], 'confirm must be true.'))
  }
  return stored
}

function analyzerConfig(
  { partition, accountId }: ComponentRow,
  stored: ComponentConfig,
  arn: string | null | undefined,
  path: Path,
): ComponentConfig {
  if (arn === undefined) return stored
  if (arn !== null)
    assertArn(parseServiceArn(arn, { service: 'access-analyzer', resourceType: 'analyzer', partition, accountId }), [
      ...path,
      'accessAnalyzerArn',
    ])
  return { ...stored, accessAnalyzerArn: arn }
}

function eventDataStoreConfig(
  { partition, accountId }: ComponentRow,
  stored: ComponentConfig,
  arn: string | null | undefined,
  path: Path,
): ComponentConfig {
  if (arn === undefined) return stored
  if (arn !== null)
    assertArn(parseServiceArn(arn, { service: 'cloudtrail', resourceType: 'eventdatastore', partition, accountId }), [
      ...path,
      'cloudLakeArn',
    ])
  return { ...stored, cloudLakeArn: arn }
}

function assertArn(parsed: object, path: Path): void {
  if ('problem' in parsed) {
    const { message } = parsed.problem as { message: string }
    throw new Refusal(userError.validation('VALUE_INCORRECT_FORMAT', path, `${message}.`))
  }
}

function loginOf(stored: IamWriteLogin | null, input: IamWriteLoginInput | null | undefined, path: Path): IamWriteLogin {
  if (input === null)
    throw new Refusal(userError.validation('REQUIRED_VALUE_MISSING', path, 'login cannot be cleared: leave it out or give another.'))
  if (input === undefined) {
    if (stored) return stored
    throw new Refusal(userError.validation('REQUIRED_VALUE_MISSING', path, 'login is required the first time.'))
  }
  if (input.iam) return iamLogin(input.iam, [...path, 'iam'])
  if (input.identityCenter) return identityCenterLogin(stored, input.identityCenter, [...path, 'identityCenter'])
  if (input.federated?.okta) return oktaLogin(input.federated.okta, [...path, 'federated', 'okta'])
  throw new Refusal(userError.validation('REQUIRED_VALUE_MISSING', path, 'Give exactly one of iam, identityCenter and federated.'))
}

function iamLogin({ identity, tagName }: NonNullable<IamWriteLoginInput['iam']>, path: Path): IamWriteLogin {
  const at = [...path, 'tagName']
  if (identity === 'EMAIL' && tagName != null)
    throw new Refusal(userError.validation('INVALID_VALUE', at, 'tagName goes with identity TAG only: leave it out.'))
  if (identity === 'TAG' && tagName == null)
    throw new Refusal(userError.validation('REQUIRED_VALUE_MISSING', at, 'tagName is required with identity TAG.'))
  if (tagName != null && !tagKey.test(tagName)) {
    throw new Refusal(
      userError.validation(
        'VALUE_INCORRECT_FORMAT',
        at,
        'tagName must be an AWS tag key: 1 to 128 letters, digits, spaces and _.:/=+-@, not beginning with aws: in small or capital letters.',
      ),
    )
  }
  return { type: 'iam', identity, tagName: tagName ?? null }
}

function identityCenterLogin(
  stored: IamWriteLogin | null,
  input: NonNullable<IamWriteLoginInput['identityCenter']>,
  path: Path,
): IamWriteLogin {
  refuseIfAny(
    wrongForm(
      input.parentAccountId,
      accountNumber,
      [...path, 'parentAccountId'],
      'parentAccountId must be the 12 digits of an AWS account.',
    ),
  )
  // What verification found stays while the parent does.
  const same = stored?.type === 'identityCenter' && stored.parentAccountId === input.parentAccountId ? stored : null
  return {
    type: 'identityCenter',
    parentAccountId: input.parentAccountId,
    identity: input.identity,
    identityCenterArn: same?.identityCenterArn ?? null,
    identityStoreId: same?.identityStoreId ?? null,
    region: same?.region ?? null,
  }
}

function oktaLogin(input: NonNullable<NonNullable<IamWriteLoginInput['federated']>['okta']>, path: Path): IamWriteLogin {
  refuseIfAny([
    ...wrongForm(input.appId, /^0o\w+$/, [...path, 'appId'], 'appId must be the id of an Okta app: 0o and letters, digits or underscores.'),
    ...wrongForm(
      input.identityProvider,
      /^[\w.-]{1,128}$/,
      [...path, 'identityProvider'],
      'identityProvider must be the name of a SAML provider in IAM: 1 to 128 letters, digits and the characters . _ -, nothing else.',
    ),
    ...wrongForm(
      input.multiAccountParentId,
      accountNumber,
      [...path, 'multiAccountParentId'],
      'multiAccountParentId must be the 12 digits of an AWS account.',
    ),
  ])
  const { appId, identityProvider, multiAccountParentId } = input
  return { type: 'federated', provider: { type: 'okta', appId, identityProvider, multiAccountParentId: multiAccountParentId ?? null } }
}

const accountNumber = /^\d{12}$/
const tagKey = /^(?![aA][wW][sS]:)[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u

function wrongForm(
  value: string | null | undefined,
  form: RegExp,
  path: Path,
  rule: string,
  code: UserErrorCode = 'VALUE_INCORRECT_FORMAT',
): UserErrorValue[] {
  return value == null || form.test(value) ? [] : [userError.validation(code, path, rule)]
}
