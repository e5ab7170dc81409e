import { registerEnumType } from 'type-graphql'

/** Registers an enum of the graph with a description for each of its values. */
export function describeEnum<Values extends Record<string, string>>(
  values: Values,
  name: string,
  description: string,
  descriptions: { [Value in keyof Values]: string },
): void {
  registerEnumType(values, {
    name,
    description,
    valuesConfig: Object.fromEntries(Object.entries(descriptions).map(([value, text]) => [value, { description: text }])) as never,
  })
}
