import { asList, isObject, type PolicyDifference, type PolicyStatement, parsePolicyDocument, readStored } from '../policy-document.ts'

/** What the stored trust policy lets assume the role: one federated principal under exact conditions. */
export interface TrustExpectation {
  /** The OIDC provider's ARN, or `accounts.google.com`. */
  federated: string
  action: string
  /** Condition keys with the one value each must have under StringEquals. */
  conditions: { key: string; value: string }[]
}

/** Elements that an Allow of a trust policy may have; any other could widen it in a way that is not understood here. */
const KNOWN_ELEMENTS = ['Principal', 'Action', 'Condition']

/**
 * How `found` fails to trust exactly what the `stored` trust policy trusts; empty when it does. Further operators and keys
 * narrow it and Deny statements only take away: neither counts. Condition keys and the action compare in any case, values exactly.
 */
export function trustPolicyDifferences(stored: string, found: string): PolicyDifference[] {
  const expected = readTrustExpectation(stored)
  const document = parsePolicyDocument(found)
  if ('problem' in document) return [{ expected: 'a JSON policy document', actual: document.problem }]
  const allows = document.statements.filter((statement) => statement.effect === 'Allow')
  const [only] = allows
  if (only === undefined || allows.length > 1) {
    return [{ expected: 'exactly one Allow statement', actual: `${allows.length} Allow statements` }]
  }
  return [
    ...elementDifferences(only),
    ...principalDifferences(only, expected),
    ...actionDifferences(only, expected),
    ...conditionDifferences(only.elements.get('Condition'), expected),
  ]
}

/** What the stored trust policy expects. Throws where the stored document is not of the shape this server hands out. */
export function readTrustExpectation(stored: string): TrustExpectation {
  const [statement] = readStored(stored).statements
  const principal = statement?.elements.get('Principal')
  const [federated] = isObject(principal) ? asList(principal.Federated) : []
  const [action] = asList(statement?.elements.get('Action'))
  const condition = statement?.elements.get('Condition')
  const block = isObject(condition) ? condition.StringEquals : undefined
  const conditions = isObject(block) ? Object.entries(block).map(([key, value]) => ({ key, value: String(asList(value)[0]) })) : []
  if (typeof federated !== 'string' || typeof action !== 'string' || conditions.length === 0) {
    throw new Error('the stored trust policy names no federated principal, action or condition')
  }
  return { federated, action, conditions }
}

function elementDifferences({ elements }: PolicyStatement): PolicyDifference[] {
  return [...elements.keys()]
    .filter((name) => !KNOWN_ELEMENTS.includes(name))
    .map((name) => ({ expected: `no ${name} element`, actual: `${name}: ${JSON.stringify(elements.get(name))}` }))
}

function principalDifferences({ elements }: PolicyStatement, { federated }: TrustExpectation): PolicyDifference[] {
  const principal = elements.get('Principal')
  if (isObject(principal) && Object.keys(principal).length === 1 && isExactly(principal.Federated, federated)) return []
  return [{ expected: `Principal {"Federated":${JSON.stringify(federated)}} alone`, actual: `Principal ${show(principal)}` }]
}

function actionDifferences({ elements }: PolicyStatement, { action }: TrustExpectation): PolicyDifference[] {
  const found = asList(elements.get('Action'))
  if (found.length === 1 && typeof found[0] === 'string' && found[0].toLowerCase() === action.toLowerCase()) return []
  return [{ expected: `Action ${action} alone`, actual: `Action ${show(elements.get('Action'))}` }]
}

function conditionDifferences(condition: unknown, { conditions }: TrustExpectation): PolicyDifference[] {
  const operators = isObject(condition) ? condition : {}
  const malformed = Object.entries(operators).find(([, block]) => !isObject(block))
  if (malformed !== undefined)
    return [{ expected: 'a block of keys under each condition operator', actual: `${malformed[0]} ${show(malformed[1])}` }]
  const block = isObject(operators.StringEquals) ? operators.StringEquals : {}
  return conditions.flatMap(({ key, value }) => {
    // One key spelled in two cases is one key with both values to AWS, and any of them would do.
    const spellings = Object.entries(block).filter(([name]) => name.toLowerCase() === key.toLowerCase())
    const [spelling] = spellings
    if (spelling !== undefined && spellings.length === 1 && isExactly(spelling[1], value)) return []
    const actual = spelling === undefined ? `no ${key} under StringEquals` : `StringEquals ${show(Object.fromEntries(spellings))}`
    return [{ expected: `StringEquals {${JSON.stringify(key)}:${JSON.stringify(value)}}`, actual: `${actual}${elsewhere(operators, key)}` }]
  })
}

/** Look-alikes of StringEquals compare otherwise, or pass where the key is absent. */
function elsewhere(operators: Record<string, unknown>, key: string): string {
  const others = Object.entries(operators)
    .filter(([operator, block]) => operator !== 'StringEquals' && isObject(block) && namesKey(block, key))
    .map(([operator]) => operator)
  return others.length === 0 ? '' : `; ${others.join(', ')} is not StringEquals`
}

function namesKey(block: Record<string, unknown>, key: string): boolean {
  return Object.keys(block).some((name) => name.toLowerCase() === key.toLowerCase())
}

function isExactly(found: unknown, value: string): boolean {
  const values = asList(found)
  return values.length === 1 && values[0] === value
}

function show(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value)
}
