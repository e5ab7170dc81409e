import type { Data, TestOrganization } from '../support/app.ts'
import { errorFields, operationFields } from '../support/component-calls.ts'

/** An operation as it is now, with its results in their order. */
export async function operationOf({ ask }: TestOrganization, id: string): Promise<Data> {
  const { operation } = await ask(
    `query ($id: ID!) { operation(id: $id) { ${operationFields} results(first: 200) { totalCount nodes { subjectId succeeded subject { id } ${errorFields} } } } }`,
    { id },
  )
  return { ...operation, results: operation.results.nodes, count: operation.results.totalCount }
}
