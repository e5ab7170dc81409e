import { type UserErrorValue, userError } from '../platform/errors.ts'
import type { CatalogueEntry, CatalogueParam } from './catalogue.ts'

const maxLength = 1_000
/** Of a value that may have several lines, such as certificates. */
const maxLinesLength = 50_000
/** A config with more keys than this is refused as a whole instead of key by key. */
const maxKeys = 100

type Path = (string | number)[]

/** What is wrong with a config of that type: one error each for an unknown key, a missing value, and a value that does not fit. */
export function checkConfig(entry: CatalogueEntry, config: object, path: Path): UserErrorValue[] {
  const given = Object.entries(config)
  if (given.length > maxKeys)
    return [userError.validation('VALUE_OUT_OF_BOUNDS', path, `config must have at most ${maxKeys} keys; it has ${given.length}.`)]
  const known = new Map(entry.params.map((param) => [param.key, param]))
  const names = [...known.keys()].join(', ')
  return [
    ...given.flatMap(([key, value]) => {
      const param = known.get(key)
      if (param) return checkValue(param, value, [...path, key])
      const rest = names ? `It has ${names}.` : 'It has none.'
      return [userError.validation('INVALID_VALUE', [...path, key], `The type ${entry.type} has no parameter of this name. ${rest}`)]
    }),
    ...entry.params
      .filter(({ key, optional }) => !optional && !Object.hasOwn(config, key))
      .map(({ key, label }) => missing(key, label, [...path, key])),
  ]
}

/** The value a parameter has in effect, as text: that of config, else its default, else null. */
export function paramValue(entry: CatalogueEntry, config: object, key: string): string | null {
  const given = Object.hasOwn(config, key) ? (config as Record<string, unknown>)[key] : undefined
  if (given !== undefined) return String(given)
  return entry.params.find((param) => param.key === key)?.default ?? null
}

/** Whether another place would get the secret: some parameter that says where it is sent differs. */
export function hasOtherTarget(entry: CatalogueEntry, before: object, after: object): boolean {
  return entry.params.some(({ key, target }) => target && paramValue(entry, before, key) !== paramValue(entry, after, key))
}

function checkValue(param: CatalogueParam, value: unknown, path: Path): UserErrorValue[] {
  const { key, label, values, pattern, rule, multiline } = param
  const refuse = (code: UserErrorValue['code'], message: string) => [userError.validation(code, path, message)]
  // Ports and switches are numbers and booleans to many a client.
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value
  if (typeof text !== 'string') return refuse('VALUE_INCORRECT_TYPE', `${key} must be a text. Leave it out where it has no value.`)
  if (text === '') return [missing(key, label, path)]
  const limit = multiline ? maxLinesLength : maxLength
  if (text.length > limit) return refuse('VALUE_OUT_OF_BOUNDS', `${key} must have at most ${limit} characters; it has ${text.length}.`)
  if ((multiline ? /[^\P{Cc}\r\n]|\p{Cs}/u : /[\p{Cc}\p{Cs}]/u).test(text))
    return refuse('VALUE_INCORRECT_FORMAT', `${key} must not contain control characters.`)
  if (values && !values.includes(text)) return refuse('INVALID_VALUE', `${key} must be one of ${values.join(', ')}.`)
  if (pattern && !new RegExp(pattern, 'u').test(text)) return refuse('VALUE_INCORRECT_FORMAT', `${key} must be ${rule}.`)
  return []
}

const missing = (key: string, label: string, path: Path) =>
  userError.validation('REQUIRED_VALUE_MISSING', path, `${key} (${label}) needs a value.`)
