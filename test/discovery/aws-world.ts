import type { FaultInput } from '../../emulator/faults.ts'
import type { Partition as ArnPartition } from '../../emulator/identifiers.ts'
import { functionsOf, type LambdaFunction } from '../../emulator/lambda/lambda.state.ts'
import { indexesOf } from '../../emulator/resource-explorer/indexes.ts'
import { putView, type View } from '../../emulator/resource-explorer/views.ts'
import { putInstance } from '../../emulator/services/ec2.ts'
import { putBucket } from '../../emulator/services/s3.ts'
import type { Account } from '../../emulator/state.ts'
import type { Data, TestApp } from '../support/app.ts'
import { newAccount } from '../support/aws-setup.ts'
import { type Partition, type Tenant, tenant } from '../support/component-story.ts'

export interface AwsWorld extends Tenant {
  integrationId: string
  /** An account with an installed INVENTORY component. */
  account(partition?: Partition): Promise<InventoryAccount>
  refresh(wait?: boolean): Promise<Data>
  /** Refreshes and waits until that has ended. */
  refreshed(): Promise<Data>
  integration(): Promise<Data>
  /** Every resource by its ARN. */
  resources(): Promise<Map<string, Data>>
  /** What the database holds of them, with what PostgreSQL changes whenever a row is written. */
  rows(): Promise<object[]>
}

export interface InventoryAccount {
  id: string
  component: Data
  aws: Account
  bucket(name: string, region: string, tags?: Record<string, string>): string
  instance(region: string, tags?: Record<string, string>, state?: 'running' | 'terminated'): string
  lambda(name: string, region: string, tags?: Record<string, string>, arn?: string): string
  roleArn: string
  /** Switches Resource Explorer on in a region. */
  explorer(region: string, type: 'LOCAL' | 'AGGREGATOR', view?: Partial<View> | null): void
  fault(fault: FaultInput): string
  /** How often a call came of this account since the last `forget`. */
  calls(operation: string): number
  forget(): void
}

const operation = 'operation { id status statusMessage finishedAt progress { done total } summary { total succeeded failed } }'
const errors = 'errors { __typename code path message ... on PreconditionError { remediation } }'

/** An organization with the aws integration and means to fill its accounts. */
export async function awsWorld(app: TestApp): Promise<AwsWorld> {
  const own = await tenant(app)
  const { id: organizationId, ask } = own
  const { organization } = await ask(`{ organization(id: "${organizationId}") { integrations { nodes { id } } } }`)
  const integrationId: string = organization.integrations.nodes[0].id
  const refresh = async (wait = true): Promise<Data> =>
    (
      await ask(`mutation ($input: RefreshIntegrationInput!) { refreshIntegration(input: $input) { ${operation} ${errors} } }`, {
        input: { id: integrationId, wait },
      })
    ).refreshIntegration
  return {
    ...own,
    integrationId,
    refresh,
    async account(partition = 'AWS') {
      const component = await own.bring({ kind: 'INVENTORY', itemId: newAccount(), partition }, 'INSTALLED')
      return inventoryAccount(app, component)
    },
    async refreshed() {
      let ended = (await refresh()).operation
      while (!ended.finishedAt) {
        await new Promise((resolve) => setTimeout(resolve, 100))
        ended = (await ask(`{ ${operation.replace('operation', `operation(id: "${ended.id}")`)} }`)).operation
      }
      return ended
    },
    integration: async () => (await ask(`{ integration(id: "${integrationId}") { status statusMessage lastSyncAt version } }`)).integration,
    async resources() {
      const { integration } = await ask(`{ integration(id: "${integrationId}") { resources(first: 200) { nodes {
        id externalId name type status sourceTags { key value } awsAccount { accountId } owner { attributeType attributeValues } } } } }`)
      return new Map(integration.resources.nodes.map((node: Data) => [node.externalId, node]))
    },
    async rows() {
      const { rows } = await app.booted.services.db.pool.query(
        'select r.*, xmin, ctid from "Resource" r where "organizationId" = $1 order by "externalId"',
        [organizationId],
      )
      return rows
    },
  }
}

function inventoryAccount({ aws }: TestApp, component: Data): InventoryAccount {
  const partition: ArnPartition = component.partition === 'AWS' ? 'aws' : 'aws-us-gov'
  const account = aws.state.account(component.itemId, { partition })
  const now = aws.state.now()
  const count = (operation: string) => aws.requests.count({ operation, accountId: account.id })
  const before = new Map<string, number>()
  return {
    id: account.id,
    component,
    aws: account,
    roleArn: account.arn('iam', '', 'role/GatehouseResourceInventory'),
    bucket: (name, region, tags = {}) => putBucket(account, { name, region, tags }, now).arn,
    instance: (region, tags = {}, state = 'running') => putInstance(account, { region, tags, state }, now).arn,
    lambda(name, region, tags = {}, arn = account.arn('lambda', region, `function:${name}`)) {
      const made = { arn, name, tags, aliases: new Map(), lastModifiedAt: new Date(now), role: '', description: '', codeSha256: '' }
      functionsOf(account, region).put(name, made as unknown as LambdaFunction, now)
      return arn
    },
    explorer(region, type, view = {}) {
      const arn = account.arn('resource-explorer-2', region, 'index/0')
      const at = new Date(now)
      indexesOf(account).put(region, { arn, region, type, state: 'ACTIVE', createdAt: at, updatedAt: at, tags: {} }, now)
      if (view) putView(account, region, now, view)
    },
    fault: (fault) => aws.faults.add({ ...fault, accountId: account.id }),
    calls: (operation) => count(operation) - (before.get(operation) ?? 0),
    forget() {
      for (const { operation } of aws.requests.byOperation()) before.set(operation, count(operation))
    },
  }
}
