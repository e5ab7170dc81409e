import { z } from 'zod'

const name = z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/)

const param = z.strictObject({
  key: z
    .string()
    .regex(/^[a-z][A-Za-z0-9]{0,49}$/)
    .describe('How it is called in config.'),
  label: z.string().min(1).max(200).describe('How it is called for people.'),
  values: z.array(z.string().min(1)).min(1).optional().describe('The values there are; left out: any text.'),
  default: z.string().min(1).optional().describe('Taken where config has none.'),
  optional: z.boolean().optional().describe('Whether config may go without it.'),
  pattern: z.string().optional().describe('A regular expression that a value has to match.'),
  rule: z.string().optional().describe('What the pattern asks for, after "must be".'),
  multiline: z.boolean().optional().describe('Whether a value may have several lines.'),
  target: z
    .boolean()
    .optional()
    .describe('Whether it says where the secret is sent: with another value a built-in secret is to be sent anew.'),
})

const type = z.strictObject({
  type: name.describe('Its short name. It never changes once integrations have it.'),
  name: z.string().min(1).max(100).describe('Its name for people.'),
  description: z.string().min(1).max(400).describe('What it integrates, and how.'),
  category: z.enum(['RESOURCES', 'USER_INFORMATION']),
  discovery: z.enum(['BUILT_IN', 'CONNECTOR']).describe('Who reads it: this server, or a connector agent.'),
  params: z.array(param),
  requiresSecret: z.boolean(),
  secretParameters: z.array(z.string()).optional().describe('What a built-in secret has to hold.'),
  supportedSecretStores: z.array(z.enum(['AWS', 'GCP', 'KUBERNETES', 'AZURE', 'HASHICORP_VAULT', 'BUILT_IN'])),
  resourceTypes: z.array(name).describe('What it has; empty: whatever its agent reports.'),
})

/** What catalogue/integration-types.json has to look like. Its JSON schema is emitted from here. */
export const catalogueForm = z.strictObject({ $schema: z.string(), types: z.array(type).min(1) })

export type CatalogueEntry = z.infer<typeof type>
export type CatalogueParam = z.infer<typeof param>

/** What is wrong with the catalogue beyond its form; empty if nothing is. */
export function catalogueProblems(types: readonly CatalogueEntry[]): string[] {
  return [...duplicates(types.map((entry) => entry.type)).map((twice) => `${twice} is there twice`), ...types.flatMap(entryProblems)]
}

function entryProblems({
  type,
  params,
  requiresSecret,
  secretParameters,
  supportedSecretStores,
  resourceTypes,
  discovery,
}: CatalogueEntry) {
  const isBuiltIn = supportedSecretStores.includes('BUILT_IN')
  const problems = [
    ...duplicates(params.map(({ key }) => key)).map((key) => `param ${key} is there twice`),
    ...duplicates(resourceTypes).map((twice) => `resource type ${twice} is there twice`),
    ...duplicates(supportedSecretStores).map((twice) => `secret store ${twice} is there twice`),
    ...params.flatMap(paramProblems),
    ...(requiresSecret && supportedSecretStores.length === 0 ? ['it requires a secret and supports no store for it'] : []),
    // What is stored here never leaves: no agent could read it.
    ...(isBuiltIn && discovery === 'CONNECTOR' ? ['an agent cannot read a BUILT_IN secret'] : []),
    ...(isBuiltIn !== (secretParameters !== undefined) ? ['secretParameters and BUILT_IN come together'] : []),
  ]
  return problems.map((problem) => `${type}: ${problem}`)
}

function paramProblems({ key, values, default: fallback, optional, pattern, rule }: CatalogueParam): string[] {
  const matches = (value: string) => pattern === undefined || new RegExp(pattern, 'u').test(value)
  return [
    ...(fallback !== undefined && values && !values.includes(fallback) ? [`the default of ${key} is none of its values`] : []),
    ...(fallback !== undefined && !matches(fallback) ? [`the default of ${key} does not match its pattern`] : []),
    ...(fallback !== undefined && !optional ? [`${key} has a default and is not optional`] : []),
    ...((pattern === undefined) === (rule === undefined) ? [] : [`pattern and rule of ${key} come together`]),
    ...duplicates(values ?? []).map((twice) => `the value ${twice} of ${key} is there twice`),
  ]
}

const duplicates = (texts: readonly string[]) => texts.filter((text, index) => texts.indexOf(text) !== index)
