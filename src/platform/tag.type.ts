import { Field, InputType, ObjectType } from 'type-graphql'

@ObjectType('Tag', { simpleResolvers: true, description: 'A label with a value.' })
export class Tag {
  @Field(() => String, { description: 'What it says something about.' })
  key!: string

  @Field(() => String, { description: 'What it says; may be empty.' })
  value!: string
}

@InputType({ description: 'A label with a value.' })
export class TagInput {
  @Field(() => String, { description: 'What it says something about.' })
  key!: string

  @Field(() => String, { description: 'What it says; may be empty.' })
  value!: string
}
