/** Reading and comparing IAM policy documents by meaning, not by text. Pure. */

/** One way in which a document is not the expected one, in words for the person who mends it. */
export interface PolicyDifference {
  expected: string
  actual: string
}

export interface PolicyStatement {
  effect: 'Allow' | 'Deny'
  /** Every element but Sid and Effect, as written. */
  elements: Map<string, unknown>
}

export interface PolicyDocument {
  /** AWS reads a document without Version as 2008-10-17. */
  version: string
  statements: PolicyStatement[]
}

/** AWS takes at most 10,240 characters a role; what is far beyond that is not read at all. */
const MAX_DOCUMENT_LENGTH = 65_536

/** The document, or what is wrong with it. */
export function parsePolicyDocument(text: string): PolicyDocument | { problem: string } {
  if (text.length > MAX_DOCUMENT_LENGTH) return { problem: `a document of ${text.length} characters` }
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return { problem: 'text that is not JSON' }
  }
  if (!isObject(parsed)) return { problem: 'JSON that is not an object' }
  // JSON.parse keeps the last of two equal members, so what it dropped would never be compared.
  if (writtenMembers(text) !== parsedMembers(parsed)) return { problem: 'a document that names a member twice' }
  const unknown = Object.keys(parsed).find((name) => !['Version', 'Id', 'Statement'].includes(name))
  if (unknown !== undefined) return { problem: `a document with the unknown element ${JSON.stringify(unknown)}` }
  const statements: PolicyStatement[] = []
  for (const value of asList(parsed.Statement)) {
    if (!isObject(value)) return { problem: 'a statement that is not an object' }
    const { Effect: effect, Sid: _sid, ...elements } = value
    if (effect !== 'Allow' && effect !== 'Deny') return { problem: `a statement with the Effect ${JSON.stringify(effect) ?? 'missing'}` }
    statements.push({ effect, elements: new Map(Object.entries(elements)) })
  }
  return { version: typeof parsed.Version === 'string' ? parsed.Version : '2008-10-17', statements }
}

/**
 * How `found` differs from the `stored` inline policy: statements as a set without Sid, values as sets, a single value and a
 * list of one alike, action and condition key names in any case. Empty when they grant the same.
 */
export function inlinePolicyDifferences(stored: string, found: string): PolicyDifference[] {
  const expected = readStored(stored)
  const actual = parsePolicyDocument(found)
  if ('problem' in actual) return [{ expected: 'a JSON policy document', actual: actual.problem }]
  const differences: PolicyDifference[] = []
  if (actual.version !== expected.version) {
    differences.push({ expected: `Version ${expected.version}`, actual: `Version ${actual.version}` })
  }
  const wanted = new Map(expected.statements.map((statement) => [canonicalStatement(statement), statement]))
  const present = new Map(actual.statements.map((statement) => [canonicalStatement(statement), statement]))
  const missing = [...wanted].filter(([key]) => !present.has(key)).map(([, statement]) => showStatement(statement))
  const surplus = [...present].filter(([key]) => !wanted.has(key)).map(([, statement]) => showStatement(statement))
  for (let index = 0; index < Math.max(missing.length, surplus.length); index++) {
    differences.push({
      expected: missing[index] === undefined ? 'no further statement' : `the statement ${missing[index]}`,
      actual: surplus[index] === undefined ? 'no such statement' : `the statement ${surplus[index]}`,
    })
  }
  return differences
}

/** A document this server made itself. Throws where it is none: then the store is damaged, not the customer's AWS account. */
export function readStored(text: string): PolicyDocument {
  const document = parsePolicyDocument(text)
  if ('problem' in document) throw new Error(`a stored policy document is unreadable: ${document.problem}`)
  return document
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** IAM writes a list of one also as the bare value. */
export function asList(value: unknown): unknown[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

function canonicalStatement({ effect, elements }: PolicyStatement): string {
  const canonical = [...elements].map(([name, value]) => [name, canonicalElement(name, value)] as const)
  return JSON.stringify([effect, canonical.sort(byName)])
}

function canonicalElement(name: string, value: unknown): unknown {
  if (name === 'Action' || name === 'NotAction') return canonicalSet(asList(value), (action) => action.toLowerCase())
  if (name === 'Resource' || name === 'NotResource') return canonicalSet(asList(value))
  if (name === 'Condition' && isObject(value)) {
    return Object.entries(value)
      .map(([operator, block]) => [operator, isObject(block) ? canonicalBlock(block) : ['malformed', block]] as const)
      .sort(byName)
  }
  return ['as written', value]
}

/** Keys that differ in case only are one key to AWS, which takes any of their values. */
function canonicalBlock(block: Record<string, unknown>): unknown {
  const values = new Map<string, unknown[]>()
  for (const [key, value] of Object.entries(block)) {
    const name = key.toLowerCase()
    values.set(name, [...(values.get(name) ?? []), ...asList(value)])
  }
  return [...values].map(([key, list]) => [key, canonicalSet(list)] as const).sort(byName)
}

/** Booleans and numbers mean the same as their text in a condition; the mark keeps lists and objects from equalling any text. */
function canonicalSet(values: unknown[], fold: (text: string) => string = (text) => text): string[] {
  const marked = values.map((value) => (typeof value === 'object' ? `malformed ${JSON.stringify(value)}` : `= ${fold(String(value))}`))
  return [...new Set(marked)].sort()
}

function showStatement({ effect, elements }: PolicyStatement): string {
  return JSON.stringify({ Effect: effect, ...Object.fromEntries(elements) })
}

function byName([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : left > right ? 1 : 0
}

function writtenMembers(text: string): number {
  let members = 0
  for (const [, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)) if (colon !== undefined) members += 1
  return members
}

function parsedMembers(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((members, item) => members + parsedMembers(item), 0)
  if (!isObject(value)) return 0
  return Object.values(value).reduce<number>((members, item) => members + 1 + parsedMembers(item), 0)
}
