import { z } from 'zod'
import { AwsError } from '../errors.ts'
import { randomSecret, uuid } from '../identifiers.ts'
import { ReplicatedMap } from '../replicated-map.ts'
import { type Call, operation, type Service, type Target } from '../service.ts'
import { type Account, perRegion } from '../state.ts'

export interface Secret {
  /** Ends with a hyphen and six characters that nobody chooses. */
  arn: string
  name: string
  versionId: string
  text: string | undefined
  binary: string | undefined
  tags: Record<string, string>
  createdAt: Date
  /** When it is to be gone; until then nobody reads it. */
  deletedAt: Date | undefined
}

/** An account's secrets of one region, by name. */
export const secretsOf = perRegion(() => new ReplicatedMap<Secret>())

const name = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[A-Za-z0-9/_+=.@-]+$/)
const tags = z.array(z.object({ Key: z.string().min(1).max(128), Value: z.string().max(256) })).default([])
const byId = z.object({ SecretId: z.string().min(1).max(2048) })
const value = { SecretString: z.string().max(65_536).optional(), SecretBinary: z.base64().optional() }

/** A secret in the account, as CreateSecret makes it. */
export function putSecret(
  account: Account,
  region: string,
  nowMs: number,
  given: { name: string; text?: string; binary?: string; tags?: Record<string, string> },
): Secret {
  const letters = randomSecret(16)
    .replaceAll(/[^A-Za-z0-9]/g, 'x')
    .slice(0, 6)
  const secret: Secret = {
    arn: account.arn('secretsmanager', region, `secret:${given.name}-${letters}`),
    name: given.name,
    versionId: uuid(),
    text: given.text,
    binary: given.binary,
    tags: given.tags ?? {},
    createdAt: new Date(nowMs),
    deletedAt: undefined,
  }
  secretsOf(account, region).put(secret.name, secret, nowMs)
  return secret
}

export const secretsManager: Service = {
  name: 'secretsmanager',
  actionPrefix: 'secretsmanager',
  protocol: 'json',
  timestamps: 'epochSeconds',
  refusals: {
    internal: { code: 'InternalServiceError', status: 500 },
    invalid: { code: 'InvalidParameterException', status: 400 },
  },
  operations: [
    operation({
      name: 'CreateSecret',
      input: z.object({ Name: name, Tags: tags, ...value }),
      resource: ({ Name, Tags }, { account, region }) => ({
        arn: account.arn('secretsmanager', region, `secret:${Name}`),
        tags: tagMap(Tags),
      }),
      handle({ Name, Tags, SecretString, SecretBinary }, { account, region, nowMs }) {
        const known = secretsOf(account, region).latest(Name)
        if (known?.deletedAt) {
          throw new AwsError(
            'InvalidRequestException',
            "You can't create this secret because a secret with this name is already scheduled for deletion.",
          )
        }
        if (known) throw new AwsError('ResourceExistsException', `The operation failed because the secret ${Name} already exists.`)
        const secret = putSecret(account, region, nowMs, {
          name: Name,
          text: SecretString,
          binary: SecretBinary,
          tags: Object.fromEntries(tagMap(Tags)),
        })
        return { ARN: secret.arn, Name, VersionId: secret.versionId }
      },
    }),
    operation({
      name: 'GetSecretValue',
      input: byId,
      resource: aboutSecret,
      handle(input, call) {
        const secret = usable(input, call)
        const { arn, versionId, text, binary, createdAt } = secret
        if (text === undefined && binary === undefined) {
          throw notFound("Secrets Manager can't find the specified secret value for staging label: AWSCURRENT")
        }
        return {
          ...{ ARN: arn, Name: secret.name, VersionId: versionId, VersionStages: ['AWSCURRENT'], CreatedDate: createdAt },
          ...{ SecretString: text, SecretBinary: binary },
        }
      },
    }),
    operation({
      name: 'PutSecretValue',
      input: byId.extend(value),
      resource: aboutSecret,
      handle(input, call) {
        const changed = { ...usable(input, call), versionId: uuid(), text: input.SecretString, binary: input.SecretBinary }
        secretsOf(call.account, call.region).put(changed.name, changed, call.nowMs)
        return { ARN: changed.arn, Name: changed.name, VersionId: changed.versionId, VersionStages: ['AWSCURRENT'] }
      },
    }),
    operation({
      name: 'TagResource',
      input: byId.extend({ Tags: tags }),
      resource: aboutSecret,
      handle(input, call) {
        const secret = usable(input, call)
        const all = { ...secret.tags, ...Object.fromEntries(tagMap(input.Tags)) }
        secretsOf(call.account, call.region).put(secret.name, { ...secret, tags: all }, call.nowMs)
      },
    }),
    operation({
      name: 'UntagResource',
      input: byId.extend({ TagKeys: z.array(z.string()) }),
      resource: aboutSecret,
      handle(input, call) {
        const secret = usable(input, call)
        const rest = Object.entries(secret.tags).filter(([key]) => !input.TagKeys.includes(key))
        secretsOf(call.account, call.region).put(secret.name, { ...secret, tags: Object.fromEntries(rest) }, call.nowMs)
      },
    }),
    operation({
      name: 'DeleteSecret',
      input: byId.extend({
        ForceDeleteWithoutRecovery: z.boolean().default(false),
        RecoveryWindowInDays: z.number().int().min(7).max(30).default(30),
      }),
      resource: aboutSecret,
      handle(input, call) {
        const secret = find(input, call) ?? noSuchSecret()
        const secrets = secretsOf(call.account, call.region)
        const days = input.ForceDeleteWithoutRecovery ? 0 : input.RecoveryWindowInDays
        const deletedAt = new Date(call.nowMs + days * 86_400_000)
        if (days === 0) secrets.delete(secret.name)
        else secrets.put(secret.name, { ...secret, deletedAt }, call.nowMs)
        return { ARN: secret.arn, Name: secret.name, DeletionDate: deletedAt }
      },
    }),
  ],
  describe: (account) => ({
    secrets: [...secretsOf.regions(account).values()].flatMap((secrets) => [...secrets.latestValues()].map(({ arn }) => arn)),
  }),
}

const tagMap = (given: { Key: string; Value: string }[]) => new Map(given.map(({ Key, Value }) => [Key, Value]))

/** A secret is named by its name, its ARN, or its ARN without the six characters. */
function find({ SecretId }: { SecretId: string }, { account, region }: Pick<Call, 'account' | 'region'>): Secret | undefined {
  const secrets = secretsOf(account, region)
  if (!SecretId.startsWith('arn:')) return secrets.latest(SecretId)
  return [...secrets.latestValues()].find(({ arn }) => arn === SecretId || arn.slice(0, -7) === SecretId)
}

/** The tags are those of the secret; one that is not there has none, so that who needs a tag is denied and not told. */
function aboutSecret(input: { SecretId: string }, call: Call): Target {
  const secret = find(input, call)
  const arn = input.SecretId.startsWith('arn:')
    ? input.SecretId
    : call.account.arn('secretsmanager', call.region, `secret:${input.SecretId}`)
  return { arn: secret?.arn ?? arn, shownAs: input.SecretId, tags: new Map(Object.entries(secret?.tags ?? {})) }
}

function usable(input: { SecretId: string }, call: Call): Secret {
  const secret = find(input, call) ?? noSuchSecret()
  if (secret.deletedAt) {
    throw new AwsError('InvalidRequestException', "You can't perform this operation on the secret because it was marked for deletion.")
  }
  return secret
}

const notFound = (message: string) => new AwsError('ResourceNotFoundException', message)

function noSuchSecret(): never {
  throw notFound("Secrets Manager can't find the specified secret.")
}
