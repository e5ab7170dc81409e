import { z } from 'zod'
import { AwsError } from '../errors.ts'
import { decodeMarker, encodeMarker } from '../identifiers.ts'
import { operation } from '../service.ts'
import { percentEncode } from '../wire/xml.ts'
import { list, paging } from './iam.fields.ts'
import { iamOf, inlinePolicies } from './iam.state.ts'
import { describeRole } from './role.ts'

const alias = z
  .string()
  .min(3)
  .max(63)
  .regex(/^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$/)
const entity = z.enum(['User', 'Role', 'Group', 'LocalManagedPolicy', 'AWSManagedPolicy'])

export const accountOperations = [
  operation({
    name: 'CreateAccountAlias',
    input: z.object({ AccountAlias: alias }),
    handle({ AccountAlias }, { account, state }) {
      for (const other of state.accounts.values()) {
        if (iamOf(other).alias === AccountAlias) {
          throw new AwsError('EntityAlreadyExists', `The account alias ${AccountAlias} already exists.`, 409)
        }
      }
      iamOf(account).alias = AccountAlias
    },
  }),
  operation({
    name: 'ListAccountAliases',
    input: z.object(paging),
    handle: (_input, { account }) => ({ AccountAliases: [iamOf(account).alias].filter((name) => name !== undefined), IsTruncated: false }),
  }),
  operation({
    name: 'DeleteAccountAlias',
    input: z.object({ AccountAlias: alias }),
    handle({ AccountAlias }, { account }) {
      if (iamOf(account).alias !== AccountAlias) {
        throw new AwsError('NoSuchEntity', `The account alias with name ${AccountAlias} cannot be found.`, 404)
      }
      iamOf(account).alias = undefined
    },
  }),
  operation({
    name: 'GetAccountAuthorizationDetails',
    input: z.object({ Filter: list(entity).default([]), ...paging }),
    handle({ Filter, MaxItems, Marker }, { account, nowMs }) {
      const wantsRoles = Filter.length === 0 || Filter.includes('Role')
      const { values, next } = wantsRoles
        ? iamOf(account).roles.page(nowMs, MaxItems, decodeMarker(Marker))
        : { values: [], next: undefined }
      const RoleDetailList = values.map((role) => ({
        ...describeRole(account, role),
        Description: undefined,
        MaxSessionDuration: undefined,
        RolePolicyList: inlinePolicies(account, role)
          .page(nowMs, Number.POSITIVE_INFINITY)
          .values.map(({ name, document }) => ({ PolicyName: name, PolicyDocument: percentEncode(document) })),
        AttachedManagedPolicies: [],
        InstanceProfileList: [],
      }))
      const others = { UserDetailList: [], GroupDetailList: [], Policies: [] }
      return { RoleDetailList, ...others, IsTruncated: next !== undefined, Marker: next && encodeMarker(next) }
    },
  }),
]
