import { CreateRoleCommand, EntityAlreadyExistsException } from '@aws-sdk/client-iam'
import PQueue from 'p-queue'
import { iamClients } from './shared/aws.ts'

// npx tsx examples/make-roles.ts 12 40 > credentials.csv: makes 40 roles in each of 12 accounts of the AWS stand-in and writes access keys of
// these accounts. The accounts and names are always the same: with a larger number it adds the roles that are missing.

const [accounts, roles] = [Number(process.argv[2] ?? 12), Number(process.argv[3] ?? 40)]
const isCount = (count: number, most: number) => Number.isInteger(count) && count >= 1 && count <= most
// Never in AWS itself.
const endpointUrl = process.env.AWS_ENDPOINT_URL
if (!isCount(accounts, 1_000) || !isCount(roles, 1_000) || !endpointUrl) {
  console.error('npx tsx examples/make-roles.ts [ACCOUNTS] [ROLES]   1 to 1000 each, default 12 and 40; AWS_ENDPOINT_URL is the stand-in')
  process.exit(2)
}
const iam = iamClients({ endpointUrl, roleName: null })
const queue = new PQueue({ concurrency: 8 })
const ids = Array.from({ length: accounts }, (_, index) => String(300_000_000_001 + index))
try {
  await Promise.all(ids.flatMap((id) => Array.from({ length: roles }, (_, index) => queue.add(() => make(id, `app-${index + 1}`)))))
} catch (error) {
  console.error(`The stand-in at ${endpointUrl} cannot be used: ${(error as Error).message || (error as { code?: string }).code}`)
  process.exit(1)
}
iam.close()
const rows = ids.map((id, index) => `Account ${index + 1},AKIA${id},any-secret-will-do-for-the-stand-in`)
console.log(['account name,access key id,secret access key', ...rows].join('\n'))

async function make(accountId: string, RoleName: string): Promise<void> {
  const trust = { Effect: 'Allow', Principal: { AWS: accountId }, Action: 'sts:AssumeRole' }
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] })
  try {
    await iam.of(accountId, 'AWS').send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }))
  } catch (error) {
    if (!(error instanceof EntityAlreadyExistsException)) throw error
  }
}
