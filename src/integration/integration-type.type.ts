import { Field, ID, ObjectType } from 'type-graphql'
import { describeEnum } from '../platform/enum.ts'
import { connectionTypes } from '../platform/pagination/connection.ts'
import { SecretStoreKind } from './secret-store.type.ts'

export const IntegrationCategory = { RESOURCES: 'RESOURCES', USER_INFORMATION: 'USER_INFORMATION' } as const
export type IntegrationCategory = keyof typeof IntegrationCategory
describeEnum(IntegrationCategory, 'IntegrationCategory', 'What an integration brings in.', {
  RESOURCES: 'Things people get access to.',
  USER_INFORMATION: 'What is known of people.',
})
export const DiscoveryKind = { BUILT_IN: 'BUILT_IN', CONNECTOR: 'CONNECTOR' } as const
export type DiscoveryKind = keyof typeof DiscoveryKind
describeEnum(DiscoveryKind, 'DiscoveryKind', 'Who reads what an integration has.', {
  BUILT_IN: 'This server, with refreshIntegration.',
  CONNECTOR: 'A connector agent, which reports it.',
})

@ObjectType('IntegrationParam', { simpleResolvers: true, description: 'A parameter of a type of integration.' })
export class IntegrationParam {
  @Field(() => String, { description: 'How it is called in config.' })
  key!: string

  @Field(() => String, { description: 'How it is called for people.' })
  label!: string

  @Field(() => [String], { description: 'The values there are; empty: any text.' })
  values!: string[]

  @Field(() => String, { nullable: true, description: 'Taken where config has none.' })
  default!: string | null

  @Field(() => Boolean, { description: 'Whether config may go without it.' })
  optional!: boolean
}

@ObjectType('IntegrationType', { simpleResolvers: true, description: 'A type of integration out of the catalogue.' })
export class IntegrationType {
  @Field(() => ID, { description: 'The same as type.' })
  id!: string

  @Field(() => String, { description: 'Its short name, e.g. aws.' })
  type!: string

  @Field(() => String, { description: 'Its name for people.' })
  name!: string

  @Field(() => String, { description: 'What it integrates, and how.' })
  description!: string

  @Field(() => IntegrationCategory, { description: 'What it brings in.' })
  category!: IntegrationCategory

  @Field(() => [IntegrationParam], { description: 'What its config holds.' })
  params!: IntegrationParam[]

  @Field(() => Boolean, { description: 'Whether it needs a secret store.' })
  requiresSecret!: boolean

  @Field(() => [SecretStoreKind], { description: 'Where its secret may lie; empty: it has none.' })
  supportedSecretStores!: SecretStoreKind[]

  @Field(() => [String], { description: 'What its secret has to hold where this server reads it; else empty.' })
  secretParameters!: string[]

  @Field(() => [String], { description: 'The types of resources it has; empty: whatever its agent reports.' })
  resourceTypes!: string[]

  @Field(() => DiscoveryKind, { description: 'Who reads what it has.' })
  discovery!: DiscoveryKind
}

export const { Connection: IntegrationTypeConnection } = connectionTypes('IntegrationType', () => IntegrationType, 'types of integration')
