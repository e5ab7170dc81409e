import { GetAccountAuthorizationDetailsCommand, ListRolesCommand, type Role, type RoleDetail } from '@aws-sdk/client-iam'
import type { RoleTag, SeenRole } from '../aws.type.ts'
import { arnPartitionOf } from '../partition.ts'
import type { RoleSession } from '../verification/assume-role.ts'
import { IAM, iamClient } from '../verification/role-documents.ts'
import { pagesOf } from './pages.ts'
import { AwsProblem } from './problem.ts'
import type { Reading } from './reading.ts'

export interface RolePage {
  roles: SeenRole[]
  /** Tags of roles that an earlier page had without. */
  tagged: { arn: string; roleId: string; tags: RoleTag[] }[]
}

/** What a reading that saw every role could not see of them. */
export interface RolesRead {
  warnings: string[]
  /** Why not every role's tags were read; null: they were. */
  tagProblem: AwsProblem | null
}

/** Roles a call; AWS gives fewer when it likes. */
const pageSize = 250
/** Roles whose details came ahead of the list, at the most by a page. */
const maxAhead = 500

/**
 * Every role of an account. ListRoles knows descriptions and session lengths, GetAccountAuthorizationDetails tags: both are paged side
 * by side and joined on the way, so that memory holds a few pages however many roles there are. Where one of the two is denied the
 * other does, and a warning says what is not known then. Throws an AwsProblem where not every role was seen.
 */
export async function* readRoles(reading: Reading, session: RoleSession): AsyncGenerator<RolePage, RolesRead> {
  const details = new Details(reading, session)
  const list = listRoles(reading, session)
  for (let page = 1; ; page++) {
    const turn = await Promise.all([list.next().catch(asProblem), details.readAhead()])
    const [listed] = turn
    if (listed instanceof AwsProblem) {
      if (page > 1 || !listed.isDenial || details.problem) throw listed
      return yield* detailsAlone(details, listed)
    }
    if (listed.done) break
    yield { roles: listed.value.map((role) => ({ ...role, tags: details.take(role)?.tags })), tagged: [] }
  }
  for (;;) {
    const tagged = details.takeAll().flatMap(({ arn, roleId, tags }) => (tags ? [{ arn, roleId, tags }] : []))
    if (tagged.length > 0) yield { roles: [], tagged }
    if (!(await details.readAhead())) break
  }
  const { problem } = details
  return { warnings: problem ? [`Tags were not read. ${problem.message}`] : [], tagProblem: problem }
}

async function* detailsAlone(details: Details, denial: AwsProblem): AsyncGenerator<RolePage, RolesRead> {
  do {
    yield { roles: details.takeAll(), tagged: [] }
  } while (await details.readAhead())
  if (details.problem) throw details.problem
  return { warnings: [`Descriptions and session durations were not read. ${denial.message}`], tagProblem: null }
}

/** The pages of GetAccountAuthorizationDetails, as far as they were read and not yet taken. */
class Details {
  problem: AwsProblem | null = null
  readonly #ahead = new Map<string, SeenRole>()
  readonly #pages: AsyncGenerator<SeenRole[], void>
  #isDone = false

  constructor(reading: Reading, session: RoleSession) {
    this.#pages = roleDetails(reading, session)
  }

  /** Reads a page, unless enough lies ahead. False where there is none left. */
  async readAhead(): Promise<boolean> {
    if (this.#isDone) return false
    if (this.#ahead.size >= maxAhead) return true
    const page = await this.#pages.next().catch(asProblem)
    if (page instanceof AwsProblem) this.problem = page
    this.#isDone = page instanceof AwsProblem || page.done === true
    if (page instanceof AwsProblem || page.done) return false
    for (const role of page.value) this.#ahead.set(role.arn, role)
    return true
  }

  take({ arn, roleId }: SeenRole): SeenRole | undefined {
    const found = this.#ahead.get(arn)
    if (found?.roleId !== roleId) return undefined
    this.#ahead.delete(arn)
    return found
  }

  takeAll(): SeenRole[] {
    const all = [...this.#ahead.values()]
    this.#ahead.clear()
    return all
  }
}

function listRoles(reading: Reading, session: RoleSession): AsyncGenerator<SeenRole[], void> {
  const client = iamClient(reading, session)
  return pagesOf(reading, IAM, 'iam:ListRoles', async (Marker, options) => {
    const { Roles = [], ...page } = await client.send(new ListRolesCommand({ MaxItems: pageSize, Marker }), options)
    const items = Roles.map((role) => ({
      ...seenRole(role, session),
      details: { description: role.Description || null, maxSessionDuration: role.MaxSessionDuration ?? 3600 },
    }))
    return { items, ...restOf(page) }
  })
}

function roleDetails(reading: Reading, session: RoleSession): AsyncGenerator<SeenRole[], void> {
  const client = iamClient(reading, session)
  return pagesOf(reading, IAM, 'iam:GetAccountAuthorizationDetails', async (Marker, options) => {
    const command = new GetAccountAuthorizationDetailsCommand({ Filter: ['Role'], MaxItems: pageSize, Marker })
    const { RoleDetailList = [], ...page } = await client.send(command, options)
    const items = RoleDetailList.map((role) => ({ ...seenRole(role, session), tags: tagsOf(role) }))
    return { items, ...restOf(page) }
  })
}

/** IAM says apart from the marker whether there is more. */
const restOf = ({ IsTruncated = false, Marker }: { IsTruncated?: boolean | undefined; Marker?: string | undefined }) => ({
  next: IsTruncated ? Marker : undefined,
  isCut: IsTruncated && !Marker,
})

function seenRole(role: Role | RoleDetail, { accountId, partition }: RoleSession): SeenRole {
  const { Arn = '', RoleId = '', RoleName = '', Path = '/', AssumeRolePolicyDocument = '' } = role
  // Whatever stands between this server and AWS must not fill another account with roles.
  if (!Arn.startsWith(`arn:${arnPartitionOf(partition)}:iam::${accountId}:role/`) || !RoleId || !RoleName)
    throw new AwsProblem(`AWS named a role that is none of account ${accountId}.`, false)
  return {
    arn: Arn,
    roleId: RoleId,
    name: RoleName,
    path: Path,
    trustPolicy: readPolicy(AssumeRolePolicyDocument, RoleName),
    details: undefined,
    tags: undefined,
  }
}

/** IAM answers with documents URL-encoded. */
function readPolicy(document: string, roleName: string): object {
  try {
    const policy: unknown = JSON.parse(decodeURIComponent(document))
    if (typeof policy === 'object' && policy !== null) return policy
  } catch {
    // Told below.
  }
  throw new AwsProblem(`AWS gave a trust policy of ${roleName} that cannot be read.`, false)
}

function tagsOf({ Tags = [] }: RoleDetail): RoleTag[] {
  return Tags.map(({ Key = '', Value = '' }) => ({ key: Key, value: Value })).sort((a, b) => (a.key < b.key ? -1 : 1))
}

function asProblem(error: unknown): AwsProblem {
  if (error instanceof AwsProblem) return error
  throw error
}
