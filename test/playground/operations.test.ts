import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { buildASTSchema, getOperationAST, getVariableValues, NoDeprecatedCustomRule, parse, specifiedRules, validate } from 'graphql'
import { describe, expect, it } from 'vitest'
import { type ExampleFacts, exampleGroups } from '../../src/playground/page/examples.ts'

const project = resolve(import.meta.dirname, '../..')
const page = `${project}/src/playground/page`
const read = (path: string) => parse(readFileSync(path, 'utf8'))
// The build that emitted it has validated it; the federation directives that it uses are not defined in it.
const schema = buildASTSchema(read(`${project}/schema/subgraph.graphql`), { assumeValidSDL: true })

const operationFiles = readdirSync(`${page}/operations`)
const queryFiles = readdirSync(`${page}/queries`)
const examples = exampleGroups.flatMap((group) => group.examples)

const kinds = ['IAM_ASSESSMENT', 'IAM_WRITE', 'FUNCTION_CALLER', 'ACCESS_LOGS', 'INVENTORY']
const withComponents = (components: ExampleFacts['components']): ExampleFacts => ({ organizationId: 'org_1', components })
const situations = [
  { situation: 'no component', facts: withComponents([]) },
  ...kinds.map((kind) => ({
    situation: `one of ${kind}`,
    facts: withComponents([{ id: 'cmp_1', kind, allowedActions: ['STAGE', 'VERIFY', 'CONFIGURE', 'REMOVE'] }]),
  })),
]

describe('the operations of the playground', () => {
  it.each([...operationFiles.map((file) => `operations/${file}`), ...queryFiles.map((file) => `queries/${file}`)])(
    '%s is valid against the schema and uses nothing deprecated',
    (file) => {
      const errors = validate(schema, read(`${page}/${file}`), [...specifiedRules, NoDeprecatedCustomRule])
      expect(errors.map(({ message }) => message)).toEqual([])
    },
  )

  it('are each offered exactly once', () => {
    expect(examples.map(({ file }) => file).sort()).toEqual(operationFiles.sort())
  })

  it.each(examples.flatMap((example) => situations.map((situation) => ({ ...example, ...situation }))))(
    '$file is filled in with variables that it accepts: $situation',
    ({ file, variables, facts }) => {
      const definitions = getOperationAST(read(`${page}/operations/${file}`))?.variableDefinitions ?? []
      const filledIn = variables(facts)
      expect(getVariableValues(schema, definitions, filledIn).errors).toBeUndefined()
      expect(Object.keys(filledIn)).toEqual(definitions.map(({ variable }) => variable.name.value))
    },
  )

  it.each(['setup-recipes', 'verify-component', 'configure-component', 'transitions', 'remove-component'])(
    '%s names the newest component that allows it',
    (name) => {
      const allowed = { id: 'cmp_2', kind: 'INVENTORY', allowedActions: ['STAGE', 'VERIFY', 'CONFIGURE', 'REMOVE'] }
      const refusing = { id: 'cmp_3', kind: 'BASE', allowedActions: [] }
      const example = examples.find(({ file }) => file === `${name}.graphql`)
      const filledIn = example?.variables(withComponents([{ ...allowed, id: 'cmp_1' }, allowed, refusing]))
      expect(JSON.stringify(filledIn)).toContain('"cmp_2"')
    },
  )
})
