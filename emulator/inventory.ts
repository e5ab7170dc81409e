import { iamOf, roleArn } from './iam/iam.state.ts'
import { homeRegion } from './identifiers.ts'
import { functionsOf } from './lambda/lambda.state.ts'
import { instancesOf } from './services/ec2.ts'
import { bucketsOf } from './services/s3.ts'
import type { Account } from './state.ts'

/** A thing of an account as the services name it that look over all others. */
export interface InventoryItem {
  arn: string
  /** As Resource Explorer and the tagging API spell it. */
  type: 'ec2:instance' | 'lambda:function' | 's3:bucket' | 'iam:role'
  /** Where it is indexed; `global` things lie in the partition's home region. */
  region: string
  isGlobal: boolean
  tags: Record<string, string>
}

/** Everything of the account that these services know of, in the order of their ARNs. */
export function inventoryOf(account: Account, nowMs: number): InventoryItem[] {
  const everything = Number.POSITIVE_INFINITY
  const items: InventoryItem[] = []
  for (const [region, instances] of instancesOf.regions(account))
    for (const { arn, tags } of instances.page(nowMs, everything, undefined, ({ state }) => state !== 'terminated').values)
      items.push({ arn, type: 'ec2:instance', region, isGlobal: false, tags })
  for (const [region, functions] of functionsOf.regions(account))
    for (const { arn, tags } of functions.page(nowMs, everything).values)
      items.push({ arn, type: 'lambda:function', region, isGlobal: false, tags })
  for (const { arn, region, tags } of bucketsOf(account).page(nowMs, everything).values)
    items.push({ arn, type: 's3:bucket', region, isGlobal: false, tags })
  for (const role of iamOf(account).roles.page(nowMs, everything).values)
    items.push({ arn: roleArn(account, role), type: 'iam:role', region: homeRegion(account.partition), isGlobal: true, tags: {} })
  return items.sort((a, b) => (a.arn < b.arn ? -1 : 1))
}
