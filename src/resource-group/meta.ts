import { Checks } from '../platform/check.ts'
import { type UserErrorValue, userError } from '../platform/errors.ts'

const maxEntries = 50

export interface MetaInput {
  key: string
  value: string
}

/** The attributes as they are kept: absent and null are none. */
export const readMeta = (meta: MetaInput[] | null | undefined): MetaInput[] => (meta ?? []).map(({ key, value }) => ({ key, value }))

/** All that is wrong with attributes: at most 50, keys of 1 to 128 characters, none twice, values of at most 256. */
export function metaErrors(meta: MetaInput[] | null | undefined): UserErrorValue[] {
  if (!meta) return []
  if (meta.length > maxEntries) {
    return [
      userError.validation('VALUE_OUT_OF_BOUNDS', ['input', 'meta'], `meta must have at most ${maxEntries} items; it has ${meta.length}.`),
    ]
  }
  const seen = new Set<string>()
  return meta.flatMap(({ key, value }, i) => {
    const { errors } = new Checks('input', 'meta', i).text('key', key, { min: 1, max: 128 }).text('value', value, { min: 0, max: 256 })
    if (seen.has(key)) errors.push(userError.validation('VALUE_DUPLICATE', ['input', 'meta', i, 'key'], `${key} was given before.`))
    seen.add(key)
    return errors
  })
}
