import { ListRolesCommand, paginateGetAccountAuthorizationDetails } from '@aws-sdk/client-iam'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type AwsEmulator, createAwsEmulator } from '../../emulator/emulator.ts'
import { putRole } from '../../emulator/iam/role.ts'
import { administratorOf, clientsOf, pagesOf } from './clients.ts'
import { servicePrincipal } from './documents.ts'

let emulator: AwsEmulator

beforeEach(() => {
  emulator = createAwsEmulator()
})
afterEach(() => emulator.close())

const accountIds = (count: number) => Array.from({ length: count }, (_, index) => String(100_000_000_000 + index))

function seed(accounts: number, rolesEach: number): void {
  const trustPolicy = servicePrincipal('lambda.amazonaws.com')
  const nowMs = Date.now()
  for (const id of accountIds(accounts)) {
    const account = emulator.state.account(id)
    for (let index = 0; index < rolesEach; index++) putRole(account, nowMs, { name: `role-${index}`, trustPolicy })
  }
}

test('5,000 accounts take less than 1 KB a role', { timeout: 60_000 }, () => {
  const before = process.memoryUsage().heapUsed
  seed(5000, 20)
  expect((process.memoryUsage().heapUsed - before) / (5000 * 20)).toBeLessThan(1024)
})

test('every one of 50 accounts lists its own 300 roles', { timeout: 60_000 }, async () => {
  seed(50, 300)
  const url = await emulator.listen()
  const counts = await Promise.all(
    accountIds(50).map(async (id) => {
      const { iam } = clientsOf(url, { credentials: administratorOf(id) })
      const { Roles, IsTruncated } = await iam.send(new ListRolesCommand({ MaxItems: 300 }))
      return [Roles?.every(({ Arn }) => Arn?.includes(id)), Roles?.length, IsTruncated]
    }),
  )
  expect(counts).toEqual(accountIds(50).map(() => [true, 300, false]))
  const { iam } = clientsOf(url, { credentials: administratorOf(accountIds(1)[0]!) })
  const pages = await pagesOf(paginateGetAccountAuthorizationDetails({ client: iam, pageSize: 100 }, { Filter: ['Role'] }))
  expect(pages.map((page) => page.RoleDetailList?.length)).toEqual([100, 100, 100])
})
