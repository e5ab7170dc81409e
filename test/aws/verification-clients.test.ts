import { GetAnalyzerCommand } from '@aws-sdk/client-accessanalyzer'
import { GetEventDataStoreCommand } from '@aws-sdk/client-cloudtrail'
import { DescribeRegionsCommand } from '@aws-sdk/client-ec2'
import { GetRoleCommand } from '@aws-sdk/client-iam'
import { InvokeCommand } from '@aws-sdk/client-lambda'
import { ListIndexesCommand } from '@aws-sdk/client-resource-explorer-2'
import { GetResourcesCommand } from '@aws-sdk/client-resource-groups-tagging-api'
import { ListBucketsCommand } from '@aws-sdk/client-s3'
import { ListInstancesCommand } from '@aws-sdk/client-sso-admin'
import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { afterEach, expect, test, vi } from 'vitest'
import { type AwsClientSettings, type AwsClients, createAwsClients } from '../../src/aws/clients.ts'

const credentials = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'secret', sessionToken: 'token' }
let clients: AwsClients | undefined
afterEach(() => {
  clients?.close()
  vi.unstubAllEnvs()
})

interface Addressed {
  request: { protocol: string; hostname: string; headers: Record<string, string> }
}

interface Interceptable {
  middlewareStack: { add(step: unknown, where: unknown): void }
}

/** Where a command would have been sent, taken off the stack right before the wire. */
async function addressOf(settings: AwsClientSettings, send: (all: AwsClients) => Promise<unknown>): Promise<string> {
  let address = 'nowhere'
  clients = createAwsClients({ ...settings, attempts: 1, stsAttempts: 1 })
  const watched = new Proxy(clients, {
    get: (all, name: keyof AwsClients) =>
      name === 'close'
        ? all.close
        : (region: string, ...rest: []) => {
            const made = (all[name] as (region: string, ...rest: []) => Interceptable | Promise<Interceptable>)(region, ...rest)
            const stop = () => async (args: Addressed) => {
              const { protocol, hostname, headers } = args.request
              const scope = /Credential=ASIAEXAMPLE\/\d+\/([^/]+\/[^/]+)/.exec(headers.authorization ?? '')?.[1] ?? 'unsigned'
              address = `${protocol}//${hostname} ${scope}`
              throw new Error('stopped before the wire')
            }
            const intercepted = (client: Interceptable) => {
              client.middlewareStack.add(stop, { step: 'deserialize', priority: 'low', name: 'stop', override: true })
              return client
            }
            return made instanceof Promise ? made.then(intercepted) : intercepted(made)
          },
  })
  await expect(send(watched)).rejects.toThrow('stopped before the wire')
  return address
}

const assume = new AssumeRoleWithWebIdentityCommand({
  RoleArn: 'arn:aws:iam::111122223333:role/a',
  RoleSessionName: 'ab',
  WebIdentityToken: 'abcd',
})
const addresses: [string, (all: AwsClients) => Promise<unknown>][] = [
  ['https://sts.us-east-1.amazonaws.com unsigned', (all) => all.webIdentity('us-east-1').send(assume)],
  ['https://sts.us-gov-west-1.amazonaws.com unsigned', (all) => all.webIdentity('us-gov-west-1').send(assume)],
  ['https://sts.eu-west-1.amazonaws.com eu-west-1/sts', (all) => all.sts('eu-west-1', credentials).send(new GetCallerIdentityCommand({}))],
  ['https://iam.amazonaws.com us-east-1/iam', (all) => all.iam('us-east-1', credentials).send(new GetRoleCommand({ RoleName: 'a' }))],
  [
    'https://iam.us-gov.amazonaws.com us-gov-west-1/iam',
    (all) => all.iam('us-gov-west-1', credentials).send(new GetRoleCommand({ RoleName: 'a' })),
  ],
  [
    'https://lambda.eu-west-1.amazonaws.com eu-west-1/lambda',
    (all) => all.lambda('eu-west-1', credentials).send(new InvokeCommand({ FunctionName: 'a' })),
  ],
  [
    'https://access-analyzer.eu-west-1.amazonaws.com eu-west-1/access-analyzer',
    (all) => all.accessAnalyzer('eu-west-1', credentials).send(new GetAnalyzerCommand({ analyzerName: 'a' })),
  ],
  [
    'https://cloudtrail.eu-west-1.amazonaws.com eu-west-1/cloudtrail',
    (all) => all.cloudTrail('eu-west-1', credentials).send(new GetEventDataStoreCommand({ EventDataStore: 'abc' })),
  ],
  ['https://sso.eu-west-1.amazonaws.com eu-west-1/sso', (all) => all.ssoAdmin('eu-west-1', credentials).send(new ListInstancesCommand({}))],
  [
    'https://resource-explorer-2.eu-west-1.amazonaws.com eu-west-1/resource-explorer-2',
    (all) => all.resourceExplorer('eu-west-1', credentials).send(new ListIndexesCommand({})),
  ],
  [
    'https://ec2.eu-west-1.amazonaws.com eu-west-1/ec2',
    async (all) => (await all.ec2('eu-west-1', credentials)).send(new DescribeRegionsCommand({})),
  ],
  [
    'https://s3.us-gov-west-1.amazonaws.com us-gov-west-1/s3',
    async (all) => (await all.s3('us-gov-west-1', credentials)).send(new ListBucketsCommand({})),
  ],
  [
    'https://tagging.eu-west-1.amazonaws.com eu-west-1/tagging',
    async (all) => (await all.tagging('eu-west-1', credentials)).send(new GetResourcesCommand({})),
  ],
]

test.each(addresses)('without an endpoint of its own a call goes to %s, whatever the environment says', async (address, send) => {
  for (const name of ['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_IAM', 'AWS_ENDPOINT_URL_STS', 'AWS_ENDPOINT_URL_S3'])
    vi.stubEnv(name, 'http://127.0.0.1:1')
  expect(await addressOf({ endpointUrl: null }, send)).toBe(address)
})

test('an endpoint takes every service, one for a service takes that one before it', async () => {
  const settings = { endpointUrl: 'http://127.0.0.1:4566', serviceEndpointUrls: { IAM: 'http://127.0.0.2:4566' } }
  expect(await addressOf(settings, (all) => all.webIdentity('us-east-1').send(assume))).toContain('http://127.0.0.1 ')
  const getRole = (all: AwsClients) => all.iam('us-east-1', credentials).send(new GetRoleCommand({ RoleName: 'a' }))
  expect(await addressOf(settings, getRole)).toContain('http://127.0.0.2 ')
})

test('FIPS endpoints are used where they are asked for', async () => {
  const address = await addressOf({ endpointUrl: null, useFipsEndpoint: true }, (all) => all.webIdentity('us-east-1').send(assume))
  expect(address).toBe('https://sts-fips.us-east-1.amazonaws.com unsigned')
})

test('a client without credentials refuses to sign rather than to look for some', async () => {
  clients = createAwsClients({ endpointUrl: 'http://127.0.0.1:1' })
  await expect(clients.webIdentity('us-east-1').send(new GetCallerIdentityCommand({}))).rejects.toThrow('no credentials of its own')
})
