import { z } from 'zod'
import { authorize, requestKeys } from '../authorize.ts'
import { CommonRefusal } from '../errors.ts'
import { anonymousOperation, operation, type Service } from '../service.ts'
import type { IssuerKeys } from './issuer-keys.ts'
import { findRole, notAuthorized, openRoleSession, sessionFields } from './role-session.ts'
import { decideForCaller, decideForProvider } from './trust.ts'
import { type GoogleIssuer, verifyWebIdentityToken } from './web-identity-token.ts'

/** A role assumed by a role's session lasts an hour at most. */
const chainedSessionSeconds = 3600

export function createSts({ issuerKeys, google }: { issuerKeys: IssuerKeys; google: GoogleIssuer }): Service {
  const assumeRoleWithWebIdentity = anonymousOperation({
    name: 'AssumeRoleWithWebIdentity',
    input: z.object({
      ...sessionFields,
      WebIdentityToken: z.string().min(4).max(20_000),
      ProviderId: z.string().min(4).max(2048).optional(),
    }),
    async handle(input, { state, nowMs }) {
      const action = 'sts:AssumeRoleWithWebIdentity'
      const { account, role } = findRole(state, input.RoleArn, nowMs)
      const token = await verifyWebIdentityToken(input.WebIdentityToken, { account, nowMs, issuerKeys, google })
      if (!account || !role) throw notAuthorized(action)
      const context = [requestKeys({ nowMs }), { 'sts:RoleSessionName': input.RoleSessionName }, token.context]
      if (decideForProvider(role.trustPolicy, token.provider, context) !== 'allow') throw notAuthorized(action)
      return {
        SubjectFromWebIdentityToken: token.subject,
        Audience: token.audience,
        Provider: token.provider,
        ...openRoleSession(state, { account, role }, input, nowMs),
      }
    },
  })
  return {
    name: 'sts',
    actionPrefix: 'sts',
    protocol: 'query',
    timestamps: 'iso8601',
    version: '2011-06-15',
    namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    operations: [getCallerIdentity, assumeRoleWithWebIdentity, assumeRole],
  }
}

const getCallerIdentity = operation({
  name: 'GetCallerIdentity',
  action: 'none',
  input: z.object({}),
  handle: (_input, { caller }) => ({ UserId: caller.userId, Account: caller.accountId, Arn: caller.arn }),
})

// The resource policy here is the role's own trust policy, so the permission is asked for in the handler, not before it.
const assumeRole = operation({
  name: 'AssumeRole',
  action: 'none',
  input: z.object({ ...sessionFields, ExternalId: z.string().min(2).max(1224).optional() }),
  handle(input, call) {
    const { state, nowMs, caller } = call
    const { account, role } = findRole(state, input.RoleArn, nowMs)
    const context = [requestKeys(call), { 'sts:ExternalId': input.ExternalId, 'sts:RoleSessionName': input.RoleSessionName }]
    const isTrusted = role && decideForCaller(role.trustPolicy, caller, context) === 'allow'
    if (!account || !isTrusted) {
      throw new CommonRefusal(
        'accessDenied',
        `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${input.RoleArn}`,
      )
    }
    authorize(call, 'sts:AssumeRole', { arn: input.RoleArn, tags: role.tags }, { isOpenToOthers: true })
    if (caller.kind === 'role' && input.DurationSeconds > chainedSessionSeconds) {
      throw new CommonRefusal(
        'invalid',
        'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
      )
    }
    return openRoleSession(state, { account, role }, input, nowMs)
  },
})
