import { createUnionType, Directive, Field, InputType, ObjectType } from 'type-graphql'
import { describeEnum } from '../platform/enum.ts'
import { DateTime, JSONObject } from '../platform/scalars.ts'
import type { StoredSecretStore } from './secret-store.ts'

export const SecretStoreKind = {
  AWS: 'AWS',
  GCP: 'GCP',
  KUBERNETES: 'KUBERNETES',
  AZURE: 'AZURE',
  HASHICORP_VAULT: 'HASHICORP_VAULT',
  BUILT_IN: 'BUILT_IN',
} as const
export type SecretStoreKind = keyof typeof SecretStoreKind
describeEnum(SecretStoreKind, 'SecretStoreKind', 'Where a secret lies.', {
  AWS: 'AWS Secrets Manager.',
  GCP: 'Google Secret Manager.',
  KUBERNETES: 'A Kubernetes secret.',
  AZURE: 'Azure Key Vault.',
  HASHICORP_VAULT: 'HashiCorp Vault.',
  BUILT_IN: 'Here, encrypted.',
})

@ObjectType('AwsSecretStore', { simpleResolvers: true, description: 'A secret in AWS Secrets Manager.' })
export class AwsSecretStore {
  @Field(() => String, { description: 'The region it lies in.' })
  region!: string

  @Field(() => String, { description: 'Its ARN or name.' })
  secretId!: string
}

@ObjectType('GcpSecretStore', { simpleResolvers: true, description: 'A secret in Google Secret Manager.' })
export class GcpSecretStore {
  @Field(() => String, { description: 'The project it lies in.' })
  project!: string

  @Field(() => String, { description: 'Its name.' })
  secretId!: string
}

@ObjectType('KubernetesSecretStore', { simpleResolvers: true, description: 'A Kubernetes secret.' })
export class KubernetesSecretStore {
  @Field(() => String, { description: 'The namespace it lies in.' })
  namespace!: string

  @Field(() => String, { description: 'Its name.' })
  name!: string
}

@ObjectType('AzureSecretStore', { simpleResolvers: true, description: 'A secret in Azure Key Vault.' })
export class AzureSecretStore {
  @Field(() => String, { description: 'The URL of the vault.' })
  vaultUrl!: string

  @Field(() => String, { description: 'Its name.' })
  name!: string
}

@ObjectType('HashicorpVaultSecretStore', { simpleResolvers: true, description: 'A secret in HashiCorp Vault.' })
export class HashicorpVaultSecretStore {
  @Field(() => String, { description: 'Where the secret engine is mounted.' })
  secretEngine!: string

  @Field(() => String, { description: 'Its path in the engine.' })
  path!: string
}

@ObjectType('BuiltInSecretStore', {
  simpleResolvers: true,
  description: 'A secret that is kept here, encrypted. Its values are write-only.',
})
export class BuiltInSecretStore {
  @Field(() => [String], { description: 'What it holds, by name.' })
  parameterNames!: string[]

  @Field(() => DateTime, { description: 'When it was last sent.' })
  updatedAt!: Date
}

export const SecretStore = createUnionType({
  name: 'SecretStore',
  description: 'Where the secret of an integration lies.',
  types: () =>
    [AwsSecretStore, GcpSecretStore, KubernetesSecretStore, AzureSecretStore, HashicorpVaultSecretStore, BuiltInSecretStore] as const,
})

const classes = {
  AWS: AwsSecretStore,
  GCP: GcpSecretStore,
  KUBERNETES: KubernetesSecretStore,
  AZURE: AzureSecretStore,
  HASHICORP_VAULT: HashicorpVaultSecretStore,
  BUILT_IN: BuiltInSecretStore,
}

/** A stored one as the union has it; the members are told apart by their classes. */
export function secretStoreValue(stored: StoredSecretStore): object {
  return Object.assign(new classes[stored.kind](), stored)
}

@InputType({
  description:
    'A secret in AWS Secrets Manager. This server reads it through the INVENTORY component of its account, as a JSON object with the secretParameters of the type.',
})
export class AwsSecretStoreInput {
  @Field(() => String, { description: 'The region it lies in.' })
  region!: string

  @Field(() => String, { description: 'Its ARN or name; where this server reads it, its full ARN.' })
  secretId!: string
}

@InputType({ description: 'A secret in Google Secret Manager.' })
export class GcpSecretStoreInput {
  @Field(() => String, { description: 'The project it lies in.' })
  project!: string

  @Field(() => String, { description: 'Its name.' })
  secretId!: string
}

@InputType({ description: 'A Kubernetes secret.' })
export class KubernetesSecretStoreInput {
  @Field(() => String, { description: 'The namespace it lies in.' })
  namespace!: string

  @Field(() => String, { description: 'Its name.' })
  name!: string
}

@InputType({ description: 'A secret in Azure Key Vault.' })
export class AzureSecretStoreInput {
  @Field(() => String, { description: 'The URL of the vault.' })
  vaultUrl!: string

  @Field(() => String, { description: 'Its name.' })
  name!: string
}

@InputType({
  description:
    'A secret in HashiCorp Vault. This server reads KV engines of version 2 of the Vault of its operator; the secret holds the secretParameters of the type.',
})
export class HashicorpVaultSecretStoreInput {
  @Field(() => String, { description: 'Where the secret engine is mounted; without slashes where this server reads it.' })
  secretEngine!: string

  @Field(() => String, { description: "Its path in the engine; where this server reads it, below the organization's id: org_…/database." })
  path!: string
}

@InputType({ description: 'A secret to be kept here, encrypted. It can be replaced and never be read.' })
export class BuiltInSecretStoreInput {
  @Field(() => JSONObject, { description: 'Its values by name, texts of 1 to 10,000 characters; the secretParameters of the type.' })
  parameters!: object
}

@InputType({ description: 'Where the secret lies: exactly one of these.' })
@Directive('@oneOf')
export class SecretStoreInput {
  @Field(() => AwsSecretStoreInput, { nullable: true, description: 'AWS Secrets Manager.' })
  aws?: AwsSecretStoreInput | null

  @Field(() => GcpSecretStoreInput, { nullable: true, description: 'Google Secret Manager.' })
  gcp?: GcpSecretStoreInput | null

  @Field(() => KubernetesSecretStoreInput, { nullable: true, description: 'A Kubernetes secret.' })
  kubernetes?: KubernetesSecretStoreInput | null

  @Field(() => AzureSecretStoreInput, { nullable: true, description: 'Azure Key Vault.' })
  azure?: AzureSecretStoreInput | null

  @Field(() => HashicorpVaultSecretStoreInput, { nullable: true, description: 'HashiCorp Vault.' })
  hashicorpVault?: HashicorpVaultSecretStoreInput | null

  @Field(() => BuiltInSecretStoreInput, { nullable: true, description: 'Here, encrypted.' })
  builtIn?: BuiltInSecretStoreInput | null
}
