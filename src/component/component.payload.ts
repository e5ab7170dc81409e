import { Field, ID, ObjectType } from 'type-graphql'
import { Organization } from '../organization/organization.type.ts'
import { BulkSummary } from '../platform/node.type.ts'
import { UserError } from '../platform/user-error.type.ts'
import { Component } from './component.type.ts'
import { Verification } from './verification.type.ts'

const errors = { description: 'Why nothing changed; empty on success.' }

@ObjectType({ simpleResolvers: true, description: 'A component, or why nothing changed.' })
export class ComponentPayload {
  @Field(() => Component, { nullable: true, description: 'The component as it is now.' })
  component!: Component | null

  @Field(() => Verification, { nullable: true, description: 'The report, where AWS was looked at.' })
  verification!: Verification | null

  @Field(() => [UserError], errors)
  errors!: UserError[]
}

@ObjectType({ simpleResolvers: true, description: 'What a removal took along.' })
export class RemoveComponentPayload {
  @Field(() => [ID], { description: 'The component, and BASE when it was the last of its account.' })
  deletedIds!: string[]

  @Field(() => Boolean, { description: 'True when there was nothing to remove.' })
  alreadyAbsent!: boolean

  @Field(() => Organization, { nullable: true, description: 'Whose component it was.' })
  organization!: Organization | null

  @Field(() => [UserError], errors)
  errors!: UserError[]
}

@ObjectType({ simpleResolvers: true, description: 'How one item fared.' })
export class StageComponentResult {
  @Field(() => String, { description: 'The item.' })
  itemId!: string

  @Field(() => Component, { nullable: true, description: 'Its component as it is now.' })
  component!: Component | null

  @Field(() => [UserError], errors)
  errors!: UserError[]
}

@ObjectType({ simpleResolvers: true, description: 'How each item fared.' })
export class StageComponentsPayload {
  @Field(() => [StageComponentResult], { description: 'One for each item, in the order given.' })
  results!: StageComponentResult[]

  @Field(() => BulkSummary, { description: 'Counted.' })
  summary!: BulkSummary

  @Field(() => [UserError], { description: 'Why no item was tried; empty otherwise.' })
  errors!: UserError[]
}

@ObjectType({ simpleResolvers: true, description: 'How one component fared.' })
export class ConfigureComponentResult {
  @Field(() => ID, { description: 'The id given.' })
  componentId!: string

  @Field(() => Component, { nullable: true, description: 'The component as it is now.' })
  component!: Component | null

  @Field(() => Verification, { nullable: true, description: 'The report, where AWS was looked at.' })
  verification!: Verification | null

  @Field(() => [UserError], errors)
  errors!: UserError[]
}

@ObjectType({ simpleResolvers: true, description: 'How each component fared.' })
export class ConfigureComponentsPayload {
  @Field(() => [ConfigureComponentResult], { description: 'One for each id, in the order given.' })
  results!: ConfigureComponentResult[]

  @Field(() => BulkSummary, { description: 'Counted.' })
  summary!: BulkSummary

  @Field(() => [UserError], { description: 'Why none was tried; empty otherwise.' })
  errors!: UserError[]
}

@ObjectType({ simpleResolvers: true, description: 'How one component fared.' })
export class RemoveComponentResult {
  @Field(() => ID, { description: 'The id given.' })
  componentId!: string

  @Field(() => Boolean, { description: 'True when there was nothing to remove.' })
  alreadyAbsent!: boolean

  @Field(() => [UserError], errors)
  errors!: UserError[]
}

@ObjectType({ simpleResolvers: true, description: 'How each component fared.' })
export class RemoveComponentsPayload {
  @Field(() => [RemoveComponentResult], { description: 'One for each id, in the order given.' })
  results!: RemoveComponentResult[]

  @Field(() => [ID], { description: 'Everything that went, BASE components included.' })
  deletedIds!: string[]

  @Field(() => BulkSummary, { description: 'Counted.' })
  summary!: BulkSummary

  @Field(() => [UserError], { description: 'Why none was tried; empty otherwise.' })
  errors!: UserError[]
}
