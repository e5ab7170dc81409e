import { BlockList, isIP } from 'node:net'
import type { PolicyContext } from './context.ts'
import type { Condition } from './document.ts'
import { fillVariables, matchesArn, matchesWildcards, withoutMarks } from './pattern.ts'

interface Operator {
  /** Whether one value of the request fits one value of the policy. */
  fits(found: string, wanted: string): boolean
  isNegated: boolean
}

const tests: Record<string, Operator['fits']> = {
  StringEquals: (found, wanted) => found === withoutMarks(wanted),
  StringEqualsIgnoreCase: (found, wanted) => found.toLowerCase() === withoutMarks(wanted).toLowerCase(),
  StringLike: (found, wanted) => matchesWildcards(wanted, found),
  ArnEquals: (found, wanted) => matchesArn(wanted, found),
  ArnLike: (found, wanted) => matchesArn(wanted, found),
  NumericEquals: numeric((found, wanted) => found === wanted),
  DateEquals: date((found, wanted) => found === wanted),
  IpAddress: isInRange,
  Bool: (found, wanted) => found.toLowerCase() === wanted.toLowerCase(),
  BinaryEquals: (found, wanted) => found === wanted,
  NumericLessThan: numeric((found, wanted) => found < wanted),
  NumericLessThanEquals: numeric((found, wanted) => found <= wanted),
  NumericGreaterThan: numeric((found, wanted) => found > wanted),
  NumericGreaterThanEquals: numeric((found, wanted) => found >= wanted),
  DateLessThan: date((found, wanted) => found < wanted),
  DateLessThanEquals: date((found, wanted) => found <= wanted),
  DateGreaterThan: date((found, wanted) => found > wanted),
  DateGreaterThanEquals: date((found, wanted) => found >= wanted),
}
const negations: Record<string, string> = {
  StringNotEquals: 'StringEquals',
  StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase',
  StringNotLike: 'StringLike',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
  NumericNotEquals: 'NumericEquals',
  DateNotEquals: 'DateEquals',
  NotIpAddress: 'IpAddress',
}
const operators = new Map<string, Operator>([
  ...Object.entries(tests).map(([name, fits]) => [name.toLowerCase(), { fits, isNegated: false }] as const),
  ...Object.entries(negations).map(([name, of]) => [name.toLowerCase(), { fits: tests[of]!, isNegated: true }] as const),
])

/** Whether IAM knows the operator, its `ForAllValues:`/`ForAnyValue:` prefix and `IfExists` suffix included. */
export function isKnownOperator(name: string): boolean {
  const { base, isIfExists } = parts(name)
  return operators.has(base) || (base === 'null' && !isIfExists)
}

/** Whether one condition of a statement holds. An operator that IAM does not know never does. */
export function holds(condition: Condition, context: PolicyContext, hasVariables: boolean): boolean {
  const { base, isIfExists, quantifier } = parts(condition.operator)
  const found = context.values(condition.key)
  if (base === 'null') return condition.values.some((value) => value.toLowerCase() === String(found === undefined))
  const operator = operators.get(base)
  if (!operator) return false
  if (found === undefined) return isIfExists || quantifier === 'all' || (operator.isNegated && quantifier !== 'any')
  const wanted = hasVariables
    ? condition.values.map((value) => fillVariables(value, context)).filter((value) => value !== undefined)
    : condition.values
  const accepts = (value: string) => wanted.some((pattern) => operator.fits(value, pattern)) !== operator.isNegated
  const needsAll = quantifier === 'all' || (quantifier === undefined && operator.isNegated)
  return needsAll ? found.every(accepts) : found.some(accepts)
}

function parts(name: string): { base: string; isIfExists: boolean; quantifier: 'all' | 'any' | undefined } {
  const match = /^(?:for(all|any)values?:)?(.+?)(ifexists)?$/.exec(name.toLowerCase())
  return { base: match?.[2] ?? '', isIfExists: match?.[3] !== undefined, quantifier: match?.[1] as 'all' | 'any' | undefined }
}

function numeric(compare: (found: number, wanted: number) => boolean): Operator['fits'] {
  return (found, wanted) => found.trim() !== '' && wanted.trim() !== '' && compare(Number(found), Number(wanted))
}

function date(compare: (foundMs: number, wantedMs: number) => boolean): Operator['fits'] {
  const ms = (text: string) => (/^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text))
  return (found, wanted) => compare(ms(found), ms(wanted))
}

function isInRange(found: string, range: string): boolean {
  const [address = '', prefix] = range.split('/')
  const version = isIP(address)
  if (version === 0 || isIP(found) !== version) return false
  const list = new BlockList()
  const family = version === 4 ? 'ipv4' : 'ipv6'
  const bits = prefix === undefined ? (version === 4 ? 32 : 128) : Number(prefix)
  if (!Number.isInteger(bits) || bits < 0 || bits > (version === 4 ? 32 : 128)) return false
  list.addSubnet(address, bits, family)
  return list.check(found, family)
}
