import { type UserErrorValue, userError } from './errors.ts'

/** Collects what is wrong with an input, so that a caller sees everything at once. */
export class Checks {
  readonly errors: UserErrorValue[] = []
  readonly #base: (string | number)[]

  constructor(...base: (string | number)[]) {
    this.#base = base
  }

  add(error: UserErrorValue): this {
    this.errors.push(error)
    return this
  }

  /** A text of that many characters, without control characters and halves of surrogate pairs. Absent passes; null does not. */
  text(field: string, value: string | null | undefined, { min, max }: { min: number; max: number }): this {
    if (!this.#present(field, value)) return this
    const length = [...value].length
    if (length < min || length > max)
      return this.#add('VALUE_OUT_OF_BOUNDS', field, `${field} must have ${min} to ${max} characters; it has ${length}.`)
    if (/[\p{Cc}\p{Cs}]/u.test(value)) return this.#add('VALUE_INCORRECT_FORMAT', field, `${field} must not contain control characters.`)
    if (value.trim() !== value) return this.#add('VALUE_INCORRECT_FORMAT', field, `${field} must not begin or end with a space.`)
    return this
  }

  matches(field: string, value: string | null | undefined, pattern: RegExp, rule: string): this {
    if (!this.#present(field, value)) return this
    return pattern.test(value) ? this : this.#add('VALUE_INCORRECT_FORMAT', field, rule)
  }

  /** A list of 1 to `max` items. */
  size(field: string, list: readonly unknown[], max: number): this {
    if (list.length >= 1 && list.length <= max) return this
    return this.#add('VALUE_OUT_OF_BOUNDS', field, `${field} must have 1 to ${max} items; it has ${list.length}.`)
  }

  #present(field: string, value: string | null | undefined): value is string {
    if (value === null) this.#add('REQUIRED_VALUE_MISSING', field, `${field} cannot be cleared: leave it out or give a value.`)
    return value !== null && value !== undefined
  }

  #add(code: UserErrorValue['code'], field: string, message: string): this {
    return this.add(userError.validation(code, [...this.#base, field], message))
  }
}
