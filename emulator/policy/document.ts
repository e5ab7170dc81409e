import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { AwsError } from '../errors.ts'

export interface Condition {
  operator: string
  key: string
  values: string[]
}

/** Who a resource policy speaks of: everyone, or the values of each kind (AWS, Federated, Service). */
export type Principals = '*' | Map<string, string[]>

export interface Statement {
  sid: string | undefined
  effect: 'Allow' | 'Deny'
  actions: string[] | undefined
  notActions: string[] | undefined
  resources: string[] | undefined
  notResources: string[] | undefined
  principals: Principals | undefined
  notPrincipals: Principals | undefined
  conditions: Condition[]
}

export interface PolicyDocument {
  /** Policy variables such as ${aws:userid} exist from 2012-10-17 on. */
  hasVariables: boolean
  statements: Statement[]
}

// The same few documents are read again with every call of every role session.
const parsed = new LRUCache<string, PolicyDocument>({ max: 500 })

/** Reads a policy's JSON text into one shape, single values and lists alike. Throws MalformedPolicyDocument. */
export function parsePolicy(text: string): PolicyDocument {
  const known = parsed.get(text)
  if (known) return known
  const document = read(text)
  parsed.set(text, document)
  return document
}

export function malformedPolicy(message: string): AwsError {
  return new AwsError('MalformedPolicyDocument', message, 400)
}

const texts = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat())
const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String)
const scalars = z.union([scalar, z.array(scalar)]).transform((value) => [value].flat())
const principals = z.union([z.literal('*'), z.record(z.enum(['AWS', 'Federated', 'Service', 'CanonicalUser']), texts.optional())])
const statement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: texts.optional(),
  NotAction: texts.optional(),
  Resource: texts.optional(),
  NotResource: texts.optional(),
  Principal: principals.optional(),
  NotPrincipal: principals.optional(),
  Condition: z.record(z.string(), z.record(z.string(), scalars)).optional(),
})
const document = z.strictObject({
  Version: z.enum(['2012-10-17', '2008-10-17']).optional(),
  Id: z.string().optional(),
  Statement: z.union([statement, z.array(statement).min(1)]).transform((value) => [value].flat()),
})

function read(text: string): PolicyDocument {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw malformedPolicy('This policy contains invalid Json')
  }
  const result = document.safeParse(json)
  if (!result.success) throw malformedPolicy('Syntax errors in policy.')
  return { hasVariables: result.data.Version === '2012-10-17', statements: result.data.Statement.map(toStatement) }
}

function toStatement(json: z.output<typeof statement>): Statement {
  return {
    sid: json.Sid,
    effect: json.Effect,
    actions: json.Action,
    notActions: json.NotAction,
    resources: json.Resource,
    notResources: json.NotResource,
    principals: toPrincipals(json.Principal),
    notPrincipals: toPrincipals(json.NotPrincipal),
    conditions: Object.entries(json.Condition ?? {}).flatMap(([operator, keys]) =>
      Object.entries(keys).map(([key, values]) => ({ operator, key, values })),
    ),
  }
}

function toPrincipals(json: z.output<typeof principals> | undefined): Principals | undefined {
  if (json === undefined || json === '*') return json
  return new Map(Object.entries(json).map(([kind, values]) => [kind, values ?? []]))
}
