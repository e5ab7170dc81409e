export const maxEmailLength = 90

// RFC 5322's dot-atom before the @, host names of two labels or more behind it. A name in other letters comes in its ASCII form (xn--…).
const form =
  /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

export interface EmailProblem {
  code: 'VALUE_OUT_OF_BOUNDS' | 'VALUE_INCORRECT_FORMAT'
  message: string
}

/** An address as it is kept: in lower case, the part before the @ included, so that one mailbox is one member however it is written. */
export const foldEmail = (text: string) => text.toLowerCase()

/** What keeps a folded text from being an address, or null. */
export function emailProblem(email: string): EmailProblem | null {
  const { length } = [...email]
  if (length > maxEmailLength)
    return {
      code: 'VALUE_OUT_OF_BOUNDS',
      message: `An e-mail address must have at most ${maxEmailLength} characters; this one has ${length}.`,
    }
  if (form.test(email)) return null
  return {
    code: 'VALUE_INCORRECT_FORMAT',
    message: 'This is not an e-mail address: write it as name@example.com, a domain in other letters in its ASCII form (xn--…).',
  }
}
