import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import type { SecretArn } from '../arn.ts'
import { ask } from '../verification/answer.ts'
import type { RoleSession } from '../verification/assume-role.ts'
import { AwsProblem, answerOf } from './problem.ts'
import type { Reading } from './reading.ts'

const service = 'AWS Secrets Manager'

/** The text of the secret in its newest version; null where it is binary. Throws an AwsProblem where it cannot be read. */
export async function readSecret(
  { clients, signal, secrets }: Reading,
  { credentials }: RoleSession,
  { arn, region }: SecretArn,
): Promise<string | null> {
  const client = clients.secretsManager(region, credentials)
  const call = ask({ signal }, service, (options) => client.send(new GetSecretValueCommand({ SecretId: arn }), options))
  const { ARN, SecretString } = await answerOf('secretsmanager:GetSecretValue', secrets, call)
  if (ARN !== arn) throw new AwsProblem(`${service} answered with another secret than the one that was asked for.`, false)
  return SecretString ?? null
}
