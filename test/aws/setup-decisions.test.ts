import { describe, expect, it } from 'vitest'
import { type ContextValues, PolicyContext } from '../../emulator/policy/context.ts'
import { parsePolicy } from '../../emulator/policy/document.ts'
import { type Decision, decide } from '../../emulator/policy/evaluate.ts'
import type { RoleKind } from '../../src/aws/aws.type.ts'
import { ACCOUNT, inlineDocumentsOf, setupOf } from './setups.ts'

const IAM = `arn:aws:iam::${ACCOUNT}`
const OTHER = 'arn:aws:iam::999999999999'
const OWN_POLICY = `${IAM}:policy/GatehouseGrant-1`
const VIEW = `arn:aws:resource-explorer-2:eu-west-1:${ACCOUNT}:view/all/1`
const SECRET = `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:db-AbCdEf`
const FUNCTION = `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:approve`
const attaching = (arn: string) => ({ 'iam:PolicyARN': arn })
const tagged = { 'aws:ResourceTag/ManagedBy': 'Gatehouse' }
const taggedNow = { 'aws:RequestTag/ManagedBy': 'Gatehouse' }

/** What IAM decides for the role of a kind; the resource's account is that of the ARN, and this one for `*`. */
const DECISIONS: [RoleKind, string, string, ContextValues, Decision][] = [
  ['IAM_ASSESSMENT', 'iam:GetRole', `${IAM}:role/path/any`, {}, 'allow'],
  ['IAM_ASSESSMENT', 'iam:GetRole', `${OTHER}:role/any`, {}, 'implicitDeny'],
  ['IAM_ASSESSMENT', 'iam:GetPolicyVersion', 'arn:aws:iam::aws:policy/job-function/ViewOnlyAccess', {}, 'allow'],
  ['IAM_ASSESSMENT', 'iam:GenerateServiceLastAccessedDetails', 'arn:aws:iam::aws:policy/ReadOnlyAccess', {}, 'allow'],
  ['IAM_ASSESSMENT', 'iam:ListUsers', '*', {}, 'allow'],
  ['IAM_ASSESSMENT', 'iam:CreateUser', `${IAM}:user/new`, {}, 'implicitDeny'],
  ['IAM_ASSESSMENT', 'access-analyzer:GetAnalyzer', `arn:aws:access-analyzer:eu-west-1:${ACCOUNT}:analyzer/mine`, {}, 'allow'],
  [
    'IAM_ASSESSMENT',
    'access-analyzer:GetArchiveRule',
    `arn:aws:access-analyzer:eu-west-1:${ACCOUNT}:analyzer/mine/archive-rule/x`,
    {},
    'allow',
  ],
  ['IAM_ASSESSMENT', 'cloudtrail:GetEventDataStore', `arn:aws:cloudtrail:eu-west-1:${ACCOUNT}:eventdatastore/1`, {}, 'allow'],
  ['IAM_ASSESSMENT', 'cloudtrail:StartQuery', `arn:aws:cloudtrail:eu-west-1:${ACCOUNT}:eventdatastore/1`, {}, 'implicitDeny'],

  ['IAM_WRITE', 'iam:AddUserToGroup', `${IAM}:group/admins`, {}, 'allow'],
  ['IAM_WRITE', 'iam:AttachUserPolicy', `${IAM}:user/ann`, attaching(OWN_POLICY), 'allow'],
  ['IAM_WRITE', 'iam:AttachRolePolicy', `${IAM}:role/app`, attaching(OWN_POLICY), 'allow'],
  ['IAM_WRITE', 'iam:AttachRolePolicy', `${IAM}:role/app`, attaching('arn:aws:iam::aws:policy/AdministratorAccess'), 'implicitDeny'],
  ['IAM_WRITE', 'iam:AttachRolePolicy', `${IAM}:role/app`, attaching(`${OTHER}:policy/GatehouseGrant-1`), 'implicitDeny'],
  ['IAM_WRITE', 'iam:AttachRolePolicy', `${IAM}:role/app`, {}, 'implicitDeny'],
  ['IAM_WRITE', 'iam:AttachRolePolicy', `${IAM}:role/GatehouseIamManager`, attaching(OWN_POLICY), 'explicitDeny'],
  ['IAM_WRITE', 'iam:PutRolePolicy', `${IAM}:role/GatehouseResourceInventory`, {}, 'explicitDeny'],
  ['IAM_WRITE', 'iam:UpdateAssumeRolePolicy', `${IAM}:role/GatehouseIamManager`, {}, 'explicitDeny'],
  ['IAM_WRITE', 'iam:PutRolePolicy', `${IAM}:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_x`, {}, 'allow'],
  ['IAM_WRITE', 'iam:PutRolePolicy', `${IAM}:role/app`, {}, 'implicitDeny'],
  ['IAM_WRITE', 'iam:CreateRole', `${IAM}:role/app`, {}, 'implicitDeny'],
  ['IAM_WRITE', 'iam:CreatePolicy', OWN_POLICY, taggedNow, 'allow'],
  ['IAM_WRITE', 'iam:TagPolicy', OWN_POLICY, taggedNow, 'allow'],
  ['IAM_WRITE', 'iam:CreatePolicy', OWN_POLICY, {}, 'implicitDeny'],
  ['IAM_WRITE', 'iam:CreatePolicy', `${IAM}:policy/Else`, taggedNow, 'implicitDeny'],
  ['IAM_WRITE', 'iam:TagPolicy', OWN_POLICY, { ...tagged, 'aws:RequestTag/ManagedBy': 'Someone' }, 'implicitDeny'],
  ['IAM_WRITE', 'iam:CreatePolicyVersion', OWN_POLICY, tagged, 'allow'],
  ['IAM_WRITE', 'iam:CreatePolicyVersion', OWN_POLICY, {}, 'implicitDeny'],
  ['IAM_WRITE', 'iam:DeletePolicy', `${IAM}:policy/Else`, tagged, 'implicitDeny'],
  ['IAM_WRITE', 'sts:AssumeRole', `${OTHER}:role/any`, {}, 'explicitDeny'],
  ['IAM_WRITE', 'sso:ListInstances', '*', {}, 'allow'],
  ['IAM_WRITE', 'sso:ListInstances', '*', { 'aws:ResourceAccount': '999999999999' }, 'implicitDeny'],
  ['IAM_WRITE', 'iam:GetSAMLProvider', `${IAM}:saml-provider/okta`, {}, 'allow'],

  ['FUNCTION_CALLER', 'lambda:InvokeFunction', FUNCTION, {}, 'allow'],
  ['FUNCTION_CALLER', 'lambda:InvokeFunction', `${FUNCTION}:live`, {}, 'implicitDeny'],
  ['FUNCTION_CALLER', 'lambda:InvokeFunction', `${FUNCTION}-2`, {}, 'implicitDeny'],
  ['FUNCTION_CALLER', 'iam:GetRolePolicy', `${IAM}:role/GatehouseFunctionCaller`, {}, 'allow'],
  ['FUNCTION_CALLER', 'iam:GetRolePolicy', `${IAM}:role/app`, {}, 'implicitDeny'],

  ['INVENTORY', 'resource-explorer-2:Search', VIEW, {}, 'allow'],
  ['INVENTORY', 'resource-explorer-2:ListIndexes', '*', {}, 'allow'],
  ['INVENTORY', 's3:ListAllMyBuckets', '*', { 'aws:ResourceAccount': undefined }, 'allow'],
  ['INVENTORY', 'ec2:DescribeInstances', '*', { 'aws:ResourceAccount': undefined }, 'allow'],
  ['INVENTORY', 'secretsmanager:GetSecretValue', SECRET, { 'aws:ResourceTag/GatehouseAccess': 'true' }, 'allow'],
  ['INVENTORY', 'secretsmanager:GetSecretValue', SECRET, { 'aws:ResourceTag/GatehouseAccess': 'false' }, 'implicitDeny'],
  ['INVENTORY', 'secretsmanager:GetSecretValue', SECRET, {}, 'implicitDeny'],
]

describe('IAM decides', () => {
  it.each(DECISIONS)('for %s: %s on %s with %j is %4$s', (kind, action, resource, extra, expected) => {
    const account = resource.split(':')[4] ?? ACCOUNT
    const context = new PolicyContext({ 'aws:ResourceAccount': account, ...extra })
    const policies = inlineDocumentsOf(setupOf(kind)).map(parsePolicy)
    expect(decide(policies, { action, resource, context })).toBe(expected)
  })
})
