import { readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { catalogueForm, catalogueProblems } from '../src/integration/catalogue-form.ts'

// Writes catalogue/integration-types.schema.json; with --check says whether it is in step instead. Checks the catalogue itself in both cases.
const schemaFile = 'catalogue/integration-types.schema.json'
const { $schema, ...form } = z.toJSONSchema(catalogueForm)
const schema = `${JSON.stringify({ $schema, title: 'The types of integration', ...form }, null, 2)}\n`

const parsed = catalogueForm.safeParse(JSON.parse(readFileSync('catalogue/integration-types.json', 'utf8')))
const problems = parsed.success
  ? catalogueProblems(parsed.data.types)
  : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
for (const problem of problems) console.error(`catalogue/integration-types.json: ${problem}`)

if (!process.argv.includes('--check')) writeFileSync(schemaFile, schema)
else if (flat(readFileSync(schemaFile, 'utf8')) !== flat(schema)) {
  problems.push('schema')
  console.error(`${schemaFile} differs from the code: run npx tsx scripts/emit-catalogue-schema.ts`)
}
process.exit(problems.length > 0 ? 1 : 0)

/** How the formatter breaks its lines does not count. */
function flat(text: string): string {
  return JSON.stringify(JSON.parse(text))
}
