import DataLoader from 'dataloader'
import type { Context } from '../context.ts'
import { type MemberRow, memberLoader } from '../member/member.loader.ts'
import { isConcretePermission } from '../permission-group/permission.ts'
import { permissionGroupsCovering } from '../permission-group/permission-group.ts'
import { topLevelError } from '../platform/errors.ts'
import { findPlaces, type KeyInOrganization, type PlaceInOrganization } from '../resource-group/resource-key.loader.ts'
import { coveringKeys } from '../resource-group/resource-key.ts'
import { factsOf, noFacts } from './access-facts.ts'
import { type Decision, decide } from './decide.ts'

export interface AccessQuestion {
  memberId: string
  permission: string
  resourceKey: string
}

export interface AccessDecisionRow extends AccessQuestion, Decision {
  /** Null for one whom the viewer may not see. */
  member: MemberRow | null
}

/**
 * Decides one question. Questions of one tick are decided together, by three statements however many they are.
 * Throws BAD_USER_INPUT for what is not one permission.
 */
export async function decideAccess(context: Context, { memberId, permission, resourceKey }: AccessQuestion): Promise<AccessDecisionRow> {
  if (!isConcretePermission(permission)) {
    throw topLevelError.badInput(
      'permission must be one permission as noun:verb, e.g. awsRole:assume; a question has no wildcards.',
      'permission',
    )
  }
  const loader = context.loaders.get(
    'accessDecision',
    () =>
      new DataLoader<AccessQuestion, AccessDecisionRow, string>((questions) => decideAll(context, questions), {
        cacheKeyFn: (question) => JSON.stringify([question.memberId, question.permission, question.resourceKey]),
      }),
  )
  return loader.load({ memberId, permission, resourceKey })
}

async function decideAll(context: Context, questions: readonly AccessQuestion[]): Promise<AccessDecisionRow[]> {
  const members = await membersOf(context, questions)
  const asked = questions.map((question) => ({ question, member: members.get(question.memberId) ?? null }))
  const places = await placesOf(
    context,
    asked.flatMap(({ question, member }) =>
      member?.status === 'ACCEPTED' ? [{ organizationId: member.organizationId, key: question.resourceKey }] : [],
    ),
  )
  const open = asked.map((item) => ({
    ...item,
    place: item.member && (places.get(placeKey(item.member.organizationId, item.question.resourceKey)) ?? null),
  }))
  const answerable = open.flatMap(({ question, member, place }) => (member && place ? [{ question, member, place }] : []))
  const facts = await factsOf(context.db.pool, {
    asked: distinct(
      answerable.flatMap(({ member, place }) =>
        coveringKeys(place).map((key) => ({ organizationId: place.organizationId, memberId: member.id, key })),
      ),
      ({ memberId, key }) => `${memberId} ${key}`,
    ),
    permissionGroupIds: permissionGroupsCovering(
      distinct(answerable, ({ question }) => question.permission).map(({ question }) => question.permission),
    ),
  })
  return open.map(({ question, member, place }) => ({
    ...question,
    member,
    ...decide(
      { permission: question.permission, place },
      { ...(facts.get(question.memberId) ?? noFacts), isAccepted: member?.status === 'ACCEPTED' },
    ),
  }))
}

async function membersOf(context: Context, questions: readonly AccessQuestion[]): Promise<Map<string, MemberRow>> {
  const loader = memberLoader(context)
  const found = await Promise.all(distinct(questions, ({ memberId }) => memberId).map(({ memberId }) => loader.load(memberId)))
  return new Map(found.flatMap((member) => (member ? [[member.id, member]] : [])))
}

async function placesOf({ db }: Context, keys: KeyInOrganization[]): Promise<Map<string, PlaceInOrganization>> {
  const found = keys.length === 0 ? [] : await findPlaces(db.pool, keys)
  return new Map(found.map((place) => [placeKey(place.organizationId, place.key), place]))
}

const placeKey = (organizationId: string, key: string) => `${organizationId} ${key}`
const distinct = <Item>(items: readonly Item[], keyOf: (item: Item) => string) => [
  ...new Map(items.map((item) => [keyOf(item), item])).values(),
]
