import { z } from 'zod'
import { AwsError } from '../errors.ts'
import { decodeMarker, encodeMarker } from '../identifiers.ts'
import { checkIdentityPolicy } from '../policy/check.ts'
import { operation } from '../service.ts'
import type { Account } from '../state.ts'
import { percentEncode } from '../wire/xml.ts'
import { paging, policyDocument, policyName, roleName } from './iam.fields.ts'
import { type IamRole, inlinePolicies, writableInlinePolicies } from './iam.state.ts'
import { aboutRole, latestRole, visibleRole } from './role.ts'

/** All inline policies of a role together, in characters, white space not counted. */
const inlinePolicyLimit = 10_240

export const rolePolicyOperations = [
  operation({
    name: 'PutRolePolicy',
    input: z.object({ RoleName: roleName, PolicyName: policyName, PolicyDocument: policyDocument }),
    resource: aboutRole,
    handle({ RoleName, PolicyName, PolicyDocument }, call) {
      const role = latestRole(call.account, RoleName)
      checkIdentityPolicy(PolicyDocument)
      checkSize(call.account, role, PolicyName, PolicyDocument)
      const policies = writableInlinePolicies(call.account, role)
      policies.put(PolicyName, { name: PolicyName, document: PolicyDocument }, call.nowMs, call.visibleAtMs())
    },
  }),
  operation({
    name: 'GetRolePolicy',
    input: z.object({ RoleName: roleName, PolicyName: policyName }),
    resource: aboutRole,
    handle({ RoleName, PolicyName }, call) {
      const role = visibleRole(call, RoleName)
      const policy = inlinePolicies(call.account, role).visible(PolicyName, call.nowMs) ?? noSuchPolicy(PolicyName)
      return { RoleName, PolicyName, PolicyDocument: percentEncode(policy.document) }
    },
  }),
  operation({
    name: 'ListRolePolicies',
    input: z.object({ RoleName: roleName, ...paging }),
    resource: aboutRole,
    handle({ RoleName, MaxItems, Marker }, call) {
      const policies = inlinePolicies(call.account, visibleRole(call, RoleName))
      const { values, next } = policies.page(call.nowMs, MaxItems, decodeMarker(Marker))
      return { PolicyNames: values.map(({ name }) => name), IsTruncated: next !== undefined, Marker: next && encodeMarker(next) }
    },
  }),
  operation({
    name: 'DeleteRolePolicy',
    input: z.object({ RoleName: roleName, PolicyName: policyName }),
    resource: aboutRole,
    handle({ RoleName, PolicyName }, { account }) {
      const policies = writableInlinePolicies(account, latestRole(account, RoleName))
      if (!policies.delete(PolicyName)) noSuchPolicy(PolicyName)
    },
  }),
]

function checkSize(account: Account, role: IamRole, name: string, document: string): void {
  const others = [...inlinePolicies(account, role).latestValues()].filter((policy) => policy.name !== name)
  const characters = [document, ...others.map((policy) => policy.document)].join('').replaceAll(/\s/g, '').length
  if (characters > inlinePolicyLimit) {
    throw new AwsError('LimitExceeded', `Maximum policy size of ${inlinePolicyLimit} bytes exceeded for role ${role.name}`, 409)
  }
}

function noSuchPolicy(name: string): never {
  throw new AwsError('NoSuchEntity', `The role policy with name ${name} cannot be found.`, 404)
}
