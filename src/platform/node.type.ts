import { Field, ID, Int, InterfaceType, ObjectType, registerEnumType } from 'type-graphql'

@InterfaceType({ description: 'Anything with a global id.' })
export abstract class Node {
  @Field(() => ID, { description: 'The global id, opaque to clients.' })
  id!: string
}

export const SortDirection = { ASC: 'ASC', DESC: 'DESC' } as const
export type SortDirection = keyof typeof SortDirection
registerEnumType(SortDirection, {
  name: 'SortDirection',
  description: 'Which way a list is ordered.',
  valuesConfig: {
    ASC: { description: 'Smallest, earliest or first in the alphabet first.' },
    DESC: { description: 'The other way round.' },
  },
})

@ObjectType({ description: 'How a bulk mutation went, counted by item.', simpleResolvers: true })
export class BulkSummary {
  @Field(() => Int, { description: 'Items given.' })
  total!: number

  @Field(() => Int, { description: 'Items that succeeded.' })
  succeeded!: number

  @Field(() => Int, { description: 'Items that were refused or failed.' })
  failed!: number
}
