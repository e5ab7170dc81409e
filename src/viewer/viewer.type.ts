import { Field, ObjectType } from 'type-graphql'
import { Scope } from '../auth/scope.type.ts'
import { describeEnum } from '../platform/enum.ts'

export const ViewerKind = { API_KEY: 'API_KEY', USER: 'USER', PLATFORM_ADMIN: 'PLATFORM_ADMIN' } as const
export type ViewerKind = keyof typeof ViewerKind
describeEnum(ViewerKind, 'ViewerKind', 'What kind of caller it is.', {
  API_KEY: 'A key of an organization.',
  USER: 'A person with an access token.',
  PLATFORM_ADMIN: 'Whoever runs this installation.',
})

@ObjectType('Viewer', { simpleResolvers: true, description: 'Who asks.' })
export class Viewer {
  @Field(() => ViewerKind, { description: 'What kind of caller.' })
  kind!: ViewerKind

  @Field(() => String, { description: 'As it stands in the audit trail: the id of the key, or platform-admin.' })
  subject!: string

  @Field(() => [Scope], { description: 'What the caller may do.' })
  scopes!: Scope[]
}
