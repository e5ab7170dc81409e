import { Field, InputType, ObjectType } from 'type-graphql'

@ObjectType('Tag', { simpleResolvers: true, description: 'A key with a value.' })
export class Tag {
  @Field(() => String, { description: 'The key, once a thing.' })
  key!: string

  @Field(() => String, { description: 'The value; may be empty.' })
  value!: string
}

@InputType({ description: 'A key with a value.' })
export class TagInput {
  @Field(() => String, { description: 'The key.' })
  key!: string

  @Field(() => String, { description: 'The value; may be empty.' })
  value!: string
}
