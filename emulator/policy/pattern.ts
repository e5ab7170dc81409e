import type { PolicyContext } from './context.ts'

// A literal * or ? that came out of a variable must not act as a wildcard; these private-use characters stand for them while matching.
const literalStar = '\uE000'
const literalQuestion = '\uE001'

/** Whether `text` fits a pattern of `*` (any run) and `?` (one character). Linear in practice, no regular expression. */
export function matchesWildcards(pattern: string, text: string): boolean {
  let at = 0
  let from = 0
  let star = -1
  let resume = 0
  while (at < text.length) {
    const wanted = pattern[from]
    if (wanted === '*') {
      star = from++
      resume = at
    } else if (wanted !== undefined && (wanted === '?' || isSame(wanted, text[at]!))) {
      from++
      at++
    } else if (star >= 0) {
      from = star + 1
      at = ++resume
    } else return false
  }
  while (pattern[from] === '*') from++
  return from === pattern.length
}

/**
 * ARNs are compared component by component: a wildcard never reaches over a colon, except in the last one. Components that a pattern
 * leaves off at its end may be anything.
 */
export function matchesArn(pattern: string, arn: string): boolean {
  if (pattern === '*') return true
  const wanted = components(pattern)
  const found = components(arn)
  if (found.length < 6) return matchesWildcards(pattern, arn)
  return wanted.every((component, index) => matchesWildcards(component, found[index]!))
}

/** The pattern with its policy variables filled in; undefined where one has neither a value nor a default, so that nothing matches. */
export function fillVariables(pattern: string, context: PolicyContext): string | undefined {
  if (!pattern.includes('${')) return pattern
  let isComplete = true
  const filled = pattern.replaceAll(/\$\{([^}]*)\}/g, (_, expression: string) => {
    if (expression === '*') return literalStar
    if (expression === '?') return literalQuestion
    if (expression === '$') return '$'
    const [, key = expression, fallback] = /^\s*([^,]+?)\s*(?:,\s*'([^']*)'\s*)?$/.exec(expression) ?? []
    const values = context.values(key)
    const value = values?.length === 1 ? values[0] : fallback
    if (value === undefined) isComplete = false
    return (value ?? '').replaceAll('*', literalStar).replaceAll('?', literalQuestion)
  })
  return isComplete ? filled : undefined
}

/** Back to plain text, for operators that know no wildcards. */
export function withoutMarks(filled: string): string {
  return filled.replaceAll(literalStar, '*').replaceAll(literalQuestion, '?')
}

function isSame(wanted: string, found: string): boolean {
  return wanted === found || (wanted === literalStar && found === '*') || (wanted === literalQuestion && found === '?')
}

function components(arn: string): string[] {
  const parts = arn.split(':')
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')]
}
