import { z } from 'zod'
import { AwsError } from '../errors.ts'
import { decodeMarker, encodeMarker } from '../identifiers.ts'
import { checkTrustPolicy } from '../policy/check.ts'
import { tagKeys } from '../policy/context.ts'
import { operation } from '../service.ts'
import { paging, path, policyDocument, roleName, tags, toTags } from './iam.fields.ts'
import { type IamRole, iamOf, inlinePolicies, roleArn } from './iam.state.ts'
import { aboutRole, describeRole, latestRole, putRole, visibleRole } from './role.ts'

/** IAM's quota for a trust policy, white space not counted; raised ones are not imitated. */
const trustPolicyLimit = 2048
const tagLimit = 50

export const roleOperations = [
  operation({
    name: 'CreateRole',
    input: z.object({
      RoleName: roleName,
      Path: path.default('/'),
      AssumeRolePolicyDocument: policyDocument,
      Description: z.string().max(1000).optional(),
      MaxSessionDuration: z.coerce.number().int().min(3600).max(43_200).optional(),
      Tags: tags.optional(),
    }),
    resource: (input, { account }) => ({
      arn: roleArn(account, { path: input.Path, name: input.RoleName }),
      context: { ...tagKeys('aws:RequestTag', toTags(input.Tags)), 'aws:TagKeys': input.Tags?.map(({ Key }) => Key) },
    }),
    handle(input, call) {
      const { account, nowMs } = call
      if (iamOf(account).roles.latest(input.RoleName)) {
        throw new AwsError('EntityAlreadyExists', `Role with name ${input.RoleName} already exists.`, 409)
      }
      checkTrust(input.AssumeRolePolicyDocument)
      const role = putRole(account, nowMs, {
        name: input.RoleName,
        path: input.Path,
        trustPolicy: input.AssumeRolePolicyDocument,
        description: input.Description,
        maxSessionSeconds: input.MaxSessionDuration,
        tags: toTags(input.Tags),
        visibleAtMs: call.visibleAtMs(),
      })
      return { Role: describeRole(account, role) }
    },
  }),
  operation({
    name: 'GetRole',
    input: z.object({ RoleName: roleName }),
    resource: aboutRole,
    handle: ({ RoleName }, call) => ({ Role: describeRole(call.account, visibleRole(call, RoleName)) }),
  }),
  operation({
    name: 'DeleteRole',
    input: z.object({ RoleName: roleName }),
    resource: aboutRole,
    handle({ RoleName }, { account }) {
      const role = latestRole(account, RoleName)
      if (inlinePolicies(account, role).size > 0) {
        throw new AwsError('DeleteConflict', 'Cannot delete entity, must delete policies first.', 409)
      }
      iamOf(account).roles.delete(RoleName)
      iamOf(account).inlinePolicies.delete(role.id)
    },
  }),
  operation({
    name: 'UpdateAssumeRolePolicy',
    input: z.object({ RoleName: roleName, PolicyDocument: policyDocument }),
    resource: aboutRole,
    handle({ RoleName, PolicyDocument }, call) {
      const role = latestRole(call.account, RoleName)
      checkTrust(PolicyDocument)
      iamOf(call.account).roles.put(RoleName, { ...role, trustPolicy: PolicyDocument }, call.nowMs, call.visibleAtMs())
    },
  }),
  operation({
    name: 'ListRoles',
    input: z.object({ PathPrefix: z.string().max(512).default('/'), ...paging }),
    resource: (input, { account }) => ({ arn: account.arn('iam', '', `role${input.PathPrefix}`) }),
    handle({ PathPrefix, MaxItems, Marker }, { account, nowMs }) {
      const isBelow = (role: IamRole) => role.path.startsWith(PathPrefix)
      const { values, next } = iamOf(account).roles.page(nowMs, MaxItems, decodeMarker(Marker), isBelow)
      const Roles = values.map((role) => ({ ...describeRole(account, role), Tags: undefined }))
      return { Roles, IsTruncated: next !== undefined, Marker: next && encodeMarker(next) }
    },
  }),
  operation({
    name: 'TagRole',
    input: z.object({ RoleName: roleName, Tags: tags }),
    resource: (input, call) => ({ ...aboutRole(input, call), context: tagKeys('aws:RequestTag', toTags(input.Tags)) }),
    handle({ RoleName, Tags }, call) {
      const role = latestRole(call.account, RoleName)
      const merged = new Map([...(role.tags ?? []), ...(toTags(Tags) ?? [])])
      if (merged.size > tagLimit) throw new AwsError('LimitExceeded', `The number of tags has reached the maximum limit.`, 409)
      iamOf(call.account).roles.put(RoleName, { ...role, tags: merged }, call.nowMs, call.visibleAtMs())
    },
  }),
]

function checkTrust(document: string): void {
  checkTrustPolicy(document)
  if (document.replaceAll(/\s/g, '').length > trustPolicyLimit) {
    throw new AwsError('LimitExceeded', `Cannot exceed quota for ACLSizePerRole: ${trustPolicyLimit}`, 409)
  }
}
