import { Field, InputType, ObjectType } from 'type-graphql'

@ObjectType('MetaEntry', { simpleResolvers: true, description: 'An attribute of a thing, of no meaning to Gatehouse.' })
export class MetaEntry {
  @Field(() => String, { description: 'Its name, once a thing.' })
  key!: string

  @Field(() => String, { description: 'Its value.' })
  value!: string
}

@InputType({ description: 'An attribute to keep with a thing.' })
export class MetaEntryInput {
  @Field(() => String, { description: '1 to 128 characters, once a thing.' })
  key!: string

  @Field(() => String, { description: 'At most 256 characters.' })
  value!: string
}
