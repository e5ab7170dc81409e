import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AccessFacts, type Decision, decide, type PolicyFact, type Question } from '../../src/access-decision/decide.ts'

// A small world, so that what is asked and what is said meet often: two accounts, two integrations, and something of each kind in them.
const places: NonNullable<Question['place']>[] = [
  { key: '*', accountId: null, integrationId: null },
  { key: 'awsAccount.111111111111', accountId: null, integrationId: null },
  { key: 'awsAccount.222222222222', accountId: null, integrationId: null },
  { key: 'integration.a', accountId: null, integrationId: null },
  { key: 'integration.b', accountId: null, integrationId: null },
  { key: 'awsRole.r1', accountId: '111111111111', integrationId: null },
  { key: 'awsRole.r2', accountId: '222222222222', integrationId: null },
  { key: 'component.c1', accountId: '111111111111', integrationId: 'a' },
  { key: 'component.c2', accountId: '222222222222', integrationId: 'a' },
  { key: 'resource.x', accountId: null, integrationId: 'b' },
  { key: 'userGroup.g', accountId: null, integrationId: null },
  { key: 'kindToCome.z', accountId: null, integrationId: null },
]
const nouns = ['awsRole', 'integration', 'component']
const verbs = ['assume', 'read', 'delete']

const permission = fc.tuple(fc.constantFrom(...nouns), fc.constantFrom(...verbs)).map((sides) => sides.join(':'))
const pattern = fc.tuple(fc.constantFrom(...nouns, '*'), fc.constantFrom(...verbs, '*')).map((sides) => sides.join(':'))
const object = fc.constantFrom(...places.map(({ key }) => key))
const policyOf = (access: fc.Arbitrary<'ALLOW' | 'DENY'>): fc.Arbitrary<PolicyFact> =>
  fc.record({
    id: fc.uuid(),
    userGroupId: fc.constantFrom('g1', 'g2', 'g3'),
    access,
    permissionGroups: fc.uniqueArray(
      fc.record({ id: fc.constantFrom('p1', 'p2', 'p3'), permissions: fc.uniqueArray(pattern, { minLength: 1, maxLength: 4 }) }),
      { selector: ({ id }) => id, minLength: 1, maxLength: 3 },
    ),
    resourceGroups: fc.uniqueArray(
      fc.record({ id: fc.constantFrom('s1', 's2', 's3'), objects: fc.uniqueArray(object, { minLength: 1, maxLength: 4 }) }),
      { selector: ({ id }) => id, minLength: 1, maxLength: 3 },
    ),
  })
const grants = fc.uniqueArray(fc.record({ userGroupId: fc.constantFrom('g1', 'g2'), awsRoleId: fc.constantFrom('r1', 'r2') }), {
  selector: ({ userGroupId, awsRoleId }) => userGroupId + awsRoleId,
  maxLength: 3,
})
const facts: fc.Arbitrary<AccessFacts> = fc.record({
  isAccepted: fc.constant(true),
  policies: fc.uniqueArray(policyOf(fc.constantFrom('ALLOW', 'DENY')), { selector: ({ id }) => id, maxLength: 6 }),
  grants,
})
const question: fc.Arbitrary<Question> = fc.record({ permission, place: fc.constantFrom(...places) })

/** The rules of the domain, once more and as plainly as can be: every combination is looked at by itself. */
function naive({ permission: asked, place }: Question, { isAccepted, policies, grants: granted }: AccessFacts) {
  if (!isAccepted) return { decision: 'DENY', reason: 'MEMBER_NOT_ACCEPTED', because: new Set() }
  const found: Record<'ALLOW' | 'DENY', Set<string>> = { ALLOW: new Set(), DENY: new Set() }
  for (const policy of place ? policies : []) {
    for (const group of policy.permissionGroups) {
      for (const said of group.permissions) {
        const asRegExp = new RegExp(`^${said.replaceAll('*', '[^:]+')}$`)
        for (const resources of policy.resourceGroups) {
          for (const key of resources.objects) {
            if (asRegExp.test(asked) && place && liesIn(place, key)) {
              found[policy.access].add(JSON.stringify([policy.userGroupId, policy.id, group.id, resources.id, said, key]))
            }
          }
        }
      }
    }
  }
  if (found.DENY.size > 0) return { decision: 'DENY', reason: 'EXPLICIT_DENY', because: found.DENY }
  const isAllowed = found.ALLOW.size > 0
  for (const { userGroupId, awsRoleId } of granted) {
    const key = `awsRole.${awsRoleId}`
    if (asked === 'awsRole:assume' && place?.key === key)
      found.ALLOW.add(JSON.stringify([userGroupId, null, null, null, 'awsRole:assume', key]))
  }
  if (found.ALLOW.size === 0) return { decision: 'DENY', reason: 'NO_MATCHING_POLICY', because: found.ALLOW }
  return { decision: 'ALLOW', reason: isAllowed ? 'ALLOWED_BY_POLICY' : 'GRANTED_BY_ROLE_MAPPING', because: found.ALLOW }
}

function liesIn(place: NonNullable<Question['place']>, container: string): boolean {
  if (container === '*' || container === place.key) return true
  const [kind, name] = container.split('.')
  return (kind === 'awsAccount' && place.accountId === name) || (kind === 'integration' && place.integrationId === name)
}

const comparable = ({ decision, reason, because }: Decision) => ({
  decision,
  reason,
  because: new Set(
    because.map((m) =>
      JSON.stringify([m.userGroupId, m.policyId, m.permissionGroupId, m.resourceGroupId, m.matchedPermission, m.matchedObject]),
    ),
  ),
})

const runs = { numRuns: 1500 }

describe('over any facts and question', () => {
  test('the decision, its reason and every match are those of the naive second implementation', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(question, facts, (asked, known) => {
        const decided = decide(asked, known)
        seen.add(decided.reason)
        expect(comparable(decided)).toEqual(naive(asked, known))
        expect(decided.because).toHaveLength(comparable(decided).because.size)
      }),
      runs,
    )
    // Else the world is too sparse to show anything.
    expect([...seen].sort()).toEqual(['ALLOWED_BY_POLICY', 'EXPLICIT_DENY', 'GRANTED_BY_ROLE_MAPPING', 'NO_MATCHING_POLICY'])
  })

  test('order never matters: not that of policies, groups, permissions, objects or grants', () => {
    const shuffled = facts.chain((known) =>
      fc.tuple(shuffle(known.policies), shuffle(known.grants)).chain(([policies, given]) =>
        fc
          .tuple(
            ...policies.map((policy) =>
              fc.record({
                permissionGroups: shuffleDeep(policy.permissionGroups, 'permissions'),
                resourceGroups: shuffleDeep(policy.resourceGroups, 'objects'),
              }),
            ),
          )
          .map((parts): [AccessFacts, AccessFacts] => [
            known,
            { ...known, grants: given, policies: policies.map((policy, i) => ({ ...policy, ...parts[i] }) as PolicyFact) },
          ]),
      ),
    )
    fc.assert(
      fc.property(question, shuffled, (asked, [known, other]) => {
        expect(decide(asked, other)).toEqual(decide(asked, known))
      }),
      runs,
    )
  })

  test('adding a deny never allows', () => {
    fc.assert(
      fc.property(question, facts, policyOf(fc.constant('DENY')), (asked, known, deny) => {
        const more = decide(asked, { ...known, policies: [...known.policies, deny] })
        if (decide(asked, known).decision === 'DENY') expect(more.decision).toBe('DENY')
      }),
      runs,
    )
  })

  test('adding an allow or a role mapping never denies', () => {
    fc.assert(
      fc.property(question, facts, policyOf(fc.constant('ALLOW')), grants, (asked, known, allow, given) => {
        const more = decide(asked, { ...known, policies: [...known.policies, allow], grants: [...known.grants, ...given] })
        if (decide(asked, known).decision === 'ALLOW') expect(more.decision).toBe('ALLOW')
      }),
      runs,
    )
  })

  test('a deny on everything beats whatever is allowed, and only that which is denied', () => {
    const denyAll: PolicyFact = {
      id: 'deny',
      userGroupId: 'g1',
      access: 'DENY',
      permissionGroups: [{ id: 'p1', permissions: ['awsRole:*'] }],
      resourceGroups: [{ id: 's1', objects: ['*'] }],
    }
    fc.assert(
      fc.property(question, facts, (asked, known) => {
        const more = decide(asked, { ...known, policies: [...known.policies, denyAll] })
        if (asked.permission.startsWith('awsRole:')) expect(more).toMatchObject({ decision: 'DENY', reason: 'EXPLICIT_DENY' })
        else expect(more).toEqual(decide(asked, known))
      }),
      runs,
    )
  })

  test('policies that cannot match may be left out, which is what the store does', () => {
    fc.assert(
      fc.property(question, facts, (asked, known) => {
        const { because } = decide(asked, known)
        const needed = new Set(because.map(({ policyId }) => policyId))
        const { decision, reason } = decide(asked, known)
        if (reason === 'EXPLICIT_DENY' || reason === 'ALLOWED_BY_POLICY') {
          expect(decide(asked, { ...known, policies: known.policies.filter(({ id }) => needed.has(id)) })).toMatchObject({
            decision,
            reason,
            because,
          })
        }
      }),
      runs,
    )
  })

  test('nobody is allowed anything before they accept, and nothing is allowed on what does not exist', () => {
    fc.assert(
      fc.property(question, facts, (asked, known) => {
        expect(decide(asked, { ...known, isAccepted: false })).toEqual({ decision: 'DENY', reason: 'MEMBER_NOT_ACCEPTED', because: [] })
        expect(decide({ ...asked, place: null }, known)).toEqual({ decision: 'DENY', reason: 'NO_MATCHING_POLICY', because: [] })
      }),
      runs,
    )
  })
})

const shuffle = <Item>(items: readonly Item[]): fc.Arbitrary<Item[]> => fc.shuffledSubarray([...items], { minLength: items.length })

function shuffleDeep<Key extends string>(groups: readonly ({ id: string } & { [K in Key]: readonly string[] })[], key: Key) {
  return shuffle(groups).chain((order) =>
    fc.tuple(...order.map((group) => shuffle(group[key]))).map((lists) => order.map((group, i) => ({ ...group, [key]: lists[i] }))),
  )
}
