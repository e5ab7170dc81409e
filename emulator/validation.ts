import type { z } from 'zod'
import { CommonRefusal } from './errors.ts'

/** A message that a schema gives itself with this in front is answered as it stands, not in the general form. */
const verbatim = 'verbatim:'

/** The input as the operation's schema reads it, or a refusal in the words AWS uses for a malformed parameter. */
export function readInput<Input>(schema: z.ZodType<Input>, params: unknown): Input {
  const result = schema.safeParse(params, { reportInput: true })
  if (result.success) return result.data
  const own = result.error.issues.find((issue) => issue.message.startsWith(verbatim))
  if (own) throw new CommonRefusal('invalid', own.message.slice(verbatim.length))
  const details = result.error.issues.map(describe)
  const count = details.length === 1 ? '1 validation error' : `${details.length} validation errors`
  throw new CommonRefusal('invalid', `${count} detected: ${details.join('; ')}`)
}

/** Marks a schema's message to be answered word for word. */
export function inWords(message: string): string {
  return verbatim + message
}

function describe(issue: z.core.$ZodIssue): string {
  const member = issue.path.map((part, index) => (index === 0 ? lowerFirst(String(part)) : String(part))).join('.')
  const value = issue.input === undefined ? 'null' : `'${String(issue.input).slice(0, 200)}'`
  return `Value ${value} at '${member}' failed to satisfy constraint: ${constraint(issue)}`
}

function constraint(issue: z.core.$ZodIssue): string {
  const measure = 'origin' in issue && (issue.origin === 'string' || issue.origin === 'array') ? 'length' : 'value'
  switch (issue.code) {
    case 'too_big':
      return `Member must have ${measure} less than or equal to ${issue.maximum}`
    case 'too_small':
      return `Member must have ${measure} greater than or equal to ${issue.minimum}`
    case 'invalid_format':
      return `Member must satisfy regular expression pattern: ${issue.pattern ?? issue.format}`
    case 'invalid_value':
      return issue.input === undefined ? 'Member must not be null' : `Member must satisfy enum value set: [${issue.values.join(', ')}]`
    default:
      return issue.input === undefined ? 'Member must not be null' : issue.message
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
