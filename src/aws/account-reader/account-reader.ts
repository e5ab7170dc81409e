import { setMaxListeners } from 'node:events'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import type { SecretArn } from '../arn.ts'
import type { AssumableRole, AwsIdentity, AwsPartition, TokenSource } from '../aws.type.ts'
import { type AwsClientSettings, type AwsCredentials, createAwsClients } from '../clients.ts'
import { AWS_PARTITIONS, defaultRegion, partitionOf } from '../partition.ts'
import { readAccountAlias } from '../verification/account.ts'
import { ask } from '../verification/answer.ts'
import { assumeRole, type RoleSession, roleArn, STS } from '../verification/assume-role.ts'
import { AwsProblem, answerOf } from './problem.ts'
import { type RolePage, type RolesRead, readRoles } from './read-roles.ts'
import { readSecret } from './read-secret.ts'
import type { Reading } from './reading.ts'
import type { ResourcesRead } from './resources/read-resources.ts'
import type { AwsResourceType, SeenResource } from './resources/seen-resource.ts'

export interface AccountReaderSettings extends AwsClientSettings {
  /** AWS_REGION: the default region of accounts of its partition. */
  awsRegion: string | null
}

/** Reads AWS accounts. All of it throws an AwsProblem where AWS does not answer or refuses. */
export interface AccountReader {
  /** Whose an access key is: the account it answers for, in either partition. */
  identify(key: AwsCredentials, signal: AbortSignal): Promise<RoleSession>
  /** Into a role of the organization's own, as the identity. */
  assume(role: AssumableRole, identity: AwsIdentity, signal: AbortSignal): Promise<RoleSession>
  /** The account's alias: null where it has none, undefined where it could not be read. */
  alias(session: RoleSession, signal: AbortSignal): Promise<string | null | undefined>
  /** Every role of the account, page by page. Only where it returns has it seen them all. */
  roles(session: RoleSession, signal: AbortSignal): AsyncGenerator<RolePage, RolesRead>
  /** The account's resources of these types, page by page. Rejects only where `found` does: what could not be read is told at the end. */
  resources(
    session: RoleSession,
    wants: (type: AwsResourceType) => boolean,
    found: (resources: SeenResource[]) => Promise<void>,
    signal: AbortSignal,
  ): Promise<ResourcesRead>
  /** The text of a secret of the account in its newest version; null where it is binary. */
  secret(session: RoleSession, secret: SecretArn, signal: AbortSignal): Promise<string | null>
  close(): void
}

/** One reader serves a whole process. It calls with the credentials it is given and no others. */
export function createAccountReader(settings: AccountReaderSettings, tokens: TokenSource): AccountReader {
  const clients = createAwsClients(settings)
  const { awsRegion } = settings
  const reading = ({ credentials, partition }: RoleSession, signal: AbortSignal): Reading => ({
    clients,
    signal,
    secrets: new Set(secretsOf(credentials)),
    region: defaultRegion(partition, awsRegion ?? undefined),
  })

  const callerIn = async (partition: AwsPartition, credentials: AwsCredentials, signal: AbortSignal) => {
    const client = clients.sts(defaultRegion(partition, awsRegion ?? undefined), credentials)
    return ask({ signal }, STS, (options) => client.send(new GetCallerIdentityCommand({}), options))
  }
  return {
    async identify(credentials, signal) {
      setMaxListeners(0, signal)
      const [first, second] = AWS_PARTITIONS
      const secrets = secretsOf(credentials)
      let answer = callerIn(first as AwsPartition, credentials, signal)
      const known = await answer.catch(() => null)
      // A key is unknown everywhere but in its own partition.
      if (known && 'refusal' in known && known.refusal.code === 'InvalidClientTokenId') {
        const elsewhere = callerIn(second as AwsPartition, credentials, signal)
        const found = await elsewhere.catch(() => null)
        if (found && 'value' in found) answer = elsewhere
      }
      const { Account, Arn } = await answerOf('The access key was not accepted', secrets, answer)
      const partition = partitionOf(Arn?.split(':')[1] ?? '')
      if (!Account || !/^\d{12}$/.test(Account) || !partition) throw new AwsProblem(`${STS} answered without an account.`, false)
      return { accountId: Account, partition, credentials }
    },

    async assume(role, identity, signal) {
      setMaxListeners(0, signal)
      const problem = tokens.identityProblem(role.setup.issuer, identity)
      if (problem) throw new AwsProblem(`AWS cannot use this server's identity: ${problem.remediation}`, false)
      const token = await tokens.token(identity).catch((error: unknown) => {
        // In issuer mode this server signs, and what goes wrong is its own fault.
        if (identity.mode === 'issuer') throw error
        const reason = error instanceof Error ? error.message : 'no reason given'
        throw new AwsProblem(`No token of the organization's Google service account could be had: ${reason}`, false)
      })
      const secrets = new Set([token])
      const assuming = {
        ...{ clients, awsRegion, secrets, signal, request: { componentId: role.componentId } },
        // A role that could be verified is there by now: nothing is waited for.
        ...{ consistencyWaitsMs: [], patientUntilMs: 0 },
      }
      return answerOf(`${roleArn(role)} could not be assumed`, secrets, assumeRole(assuming, role, token))
    },

    alias: (session, signal) => readAccountAlias({ clients, signal }, session),
    roles: (session, signal) => readRoles(reading(session, signal), session),
    async resources(session, wants, found, signal) {
      setMaxListeners(0, signal)
      const { readResources } = await import('./resources/read-resources.ts')
      return readResources(reading(session, signal), session, wants, found)
    },
    secret: (session, secret, signal) => readSecret(reading(session, signal), session, secret),
    close: () => clients.close(),
  }
}

function secretsOf({ secretAccessKey, sessionToken }: AwsCredentials): string[] {
  return [secretAccessKey, ...(sessionToken ? [sessionToken] : [])]
}
