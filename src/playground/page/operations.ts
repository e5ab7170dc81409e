import { type Example, exampleGroups } from './examples.ts'

const texts = import.meta.glob<string>('./operations/*.graphql', { query: '?raw', import: 'default', eager: true })

/** The operation of an example, as it is put into the editor. */
export function operationText(example: Example): string {
  return texts[`./operations/${example.file}`] ?? ''
}

export function isMutation(example: Example): boolean {
  return operationText(example).startsWith('mutation')
}

/** The example whose operation stands in the editor unchanged, if it is one. */
export function exampleOfText(text: string): Example | undefined {
  return exampleGroups.flatMap((group) => group.examples).find((example) => operationText(example).trim() === text.trim())
}
