import type { Data, TestOrganization } from '../support/app.ts'
import { errorFields, operationFields } from '../support/component-calls.ts'

export interface ReadOperation {
  status: string
  statusMessage: string | null
  progress: { done: number; total: number }
  summary: { total: number; succeeded: number; failed: number } | null
  finishedAt: string | null
  results: Data[]
  count: number
}

/** An operation as it is now, with its results in their order. */
export async function operationOf({ ask }: TestOrganization, id: string): Promise<ReadOperation> {
  const { operation } = await ask(
    `query ($id: ID!) { operation(id: $id) { ${operationFields} results(first: 200) { totalCount nodes { subjectId succeeded subject { id } ${errorFields} } } } }`,
    { id },
  )
  return { ...operation, results: operation.results.nodes, count: operation.results.totalCount }
}
