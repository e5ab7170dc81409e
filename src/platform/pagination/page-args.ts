import { ArgsType, Field, Int } from 'type-graphql'
import { topLevelError } from '../errors.ts'

export const defaultPageSize = 50
export const maxPageSize = 200

/** The four arguments of every connection. */
@ArgsType()
export class PageArgs {
  @Field(() => Int, { nullable: true, description: 'How many from the start, 0 to 200. Without first and last: 50 from the start.' })
  first?: number | null

  @Field(() => String, { nullable: true, description: 'A cursor of this connection: only what comes after it.' })
  after?: string | null

  @Field(() => Int, { nullable: true, description: 'How many from the end, 0 to 200. Not together with first.' })
  last?: number | null

  @Field(() => String, { nullable: true, description: 'A cursor of this connection: only what comes before it.' })
  before?: string | null
}

export interface Window {
  limit: number
  backward: boolean
  after: string | null
  before: string | null
}

/** Checks the arguments; throws BAD_USER_INPUT that names the one at fault. */
export function windowOf(args: PageArgs): Window {
  const { first, last } = args
  if (first != null && last != null) throw topLevelError.badInput('Give first or last, not both.', 'last')
  for (const [name, value] of [
    ['first', first],
    ['last', last],
  ] as const) {
    if (value != null && (value < 0 || value > maxPageSize))
      throw topLevelError.badInput(`${name} must be between 0 and ${maxPageSize}.`, name)
  }
  return { limit: first ?? last ?? defaultPageSize, backward: last != null, after: args.after ?? null, before: args.before ?? null }
}
