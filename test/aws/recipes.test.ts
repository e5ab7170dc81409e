import { describe, expect, it } from 'vitest'
import type { RoleSetup } from '../../src/aws/aws.type.ts'
import { renderRecipes } from '../../src/aws/recipes/recipes.ts'
import { createdByCloudFormation, createdByTerraform, meaningOf, parsed } from './recipe-documents.ts'
import { ACCOUNT, CASES, GOOGLE_IDENTITY, ISSUER_IDENTITY, setupOf } from './setups.ts'

const OPTIONS = { partition: 'AWS', accountId: ACCOUNT, createOidcProvider: true } as const

/** Text with everything that one of the three languages could take for its own. */
const HOSTILE = [
  `'; aws iam delete-role --role-name x; '`,
  `$(touch /tmp/x) \`touch /tmp/x\` $HOME \${HOME} %{ if true }x%{ endif } \${file("/etc/passwd")}`,
  '"\\ \\" \\n #{x} {{x}} !Ref Role &anchor *alias - : # comment',
  '\nGATEHOUSE_DOCUMENT\nEOF\n}\n',
]

describe.each(CASES)('the recipes of $title', ({ partition, arnPartition, identity, setup }) => {
  const { terraform, cloudFormation, awsCli } = renderRecipes(setup, { ...OPTIONS, partition })

  it('hold exactly the documents of the setup', () => {
    expect(parsed(createdByTerraform(terraform))).toEqual(meaningOf(setup))
    expect(parsed(createdByCloudFormation(cloudFormation))).toEqual(meaningOf(setup))
  })

  it('create the role, its inline policies and the provider, and nothing else', () => {
    const provider = identity.mode === 'issuer' ? 1 : 0
    const policies = 1 + setup.additionalInlinePolicies.length
    expect(countedBy(/^resource "(\w+)"/gm, terraform)).toEqual(
      counts({ aws_iam_openid_connect_provider: provider, aws_iam_role: 1, aws_iam_role_policy: policies }),
    )
    expect(countedBy(/^ {4}Type: (AWS::\S+)/gm, cloudFormation)).toEqual(
      counts({ 'AWS::IAM::OIDCProvider': provider, 'AWS::IAM::Role': 1, 'AWS::IAM::RolePolicy': policies }),
    )
  })

  it('say in which account and partition they belong, and name no other partition', () => {
    for (const text of [terraform, cloudFormation, awsCli]) {
      expect(text).toContain(`AWS account ${ACCOUNT} (partition ${arnPartition})`)
      expect(new Set(text.match(/(?<=arn:)aws[a-z-]*(?=:)/g))).toEqual(new Set([arnPartition]))
    }
  })

  it('send no thumbprint', () => {
    expect(`${terraform}${cloudFormation}`).not.toMatch(/thumbprint_?list/i)
  })

  it('have switches only for what they may find created already', () => {
    const provider = identity.mode === 'issuer'
    const shared = setup.roleName === 'GatehouseFunctionCaller'
    const names = (all: [boolean, string][]) => all.filter(([has]) => has).map(([, name]) => name)
    const variables = [...terraform.matchAll(/^variable "(\w+)"/gm)].map(([, name]) => name)
    const parameters = [...cloudFormation.matchAll(/^ {2}(\w+):\n {4}Type: String$/gm)].map(([, name]) => name)
    expect(variables).toEqual(
      names([
        [provider, 'create_oidc_provider'],
        [shared, 'create_role'],
      ]),
    )
    expect(parameters).toEqual(
      names([
        [provider, 'CreateOidcProvider'],
        [shared, 'CreateRole'],
      ]),
    )
  })
})

describe('the provider', () => {
  it.each([true, false])('is created by default: %s, as the caller says', (createOidcProvider) => {
    const { terraform, cloudFormation } = renderRecipes(setupOf('INVENTORY'), { ...OPTIONS, createOidcProvider })
    expect(terraform).toContain(`variable "create_oidc_provider" {\n  type    = bool\n  default = ${createOidcProvider}\n}`)
    expect(cloudFormation).toMatch(new RegExp(`CreateOidcProvider:\\n.*\\n.*\\n    Default: "${createOidcProvider}"`))
  })

  it('has the issuer for URL and the audience for client id, where it is created', () => {
    const { terraform, cloudFormation } = renderRecipes(setupOf('INVENTORY'), OPTIONS)
    const { issuer, audience } = ISSUER_IDENTITY
    expect(terraform).toContain(
      `count          = var.create_oidc_provider ? 1 : 0\n  url            = "${issuer}"\n  client_id_list = ["${audience}"]`,
    )
    expect(cloudFormation).toContain(
      `Condition: OidcProviderIsCreated\n    Properties:\n      Url: "${issuer}"\n      ClientIdList: ["${audience}"]`,
    )
  })

  it('that exists already gets the audience by a command that the recipe tells', () => {
    const { terraform, cloudFormation } = renderRecipes(setupOf('INVENTORY'), OPTIONS)
    const arn = `arn:aws:iam::${ACCOUNT}:oidc-provider/gatehouse.example.com/base`
    const command = `aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn ${arn} --client-id ${ISSUER_IDENTITY.audience}`
    for (const text of [terraform, cloudFormation]) expect(text).toContain(command)
  })

  it('is not spoken of where AWS has it built in', () => {
    const recipes = renderRecipes(setupOf('INVENTORY', { identity: GOOGLE_IDENTITY }), OPTIONS)
    expect(`${recipes.terraform}${recipes.cloudFormation}`).not.toMatch(/oidc|openid/i)
    expect(recipes.awsCli).not.toMatch(/oidc|open-id-connect|thumbprint/i)
  })
})

describe('the role that functions share', () => {
  const itemId = `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:second`
  const second = setupOf('FUNCTION_CALLER', { itemId })

  it.each([true, false])('is created by default: %s, as the caller says', (createRole) => {
    const { terraform, cloudFormation } = renderRecipes(second, { ...OPTIONS, createRole })
    expect(terraform).toContain(`variable "create_role" {\n  type    = bool\n  default = ${createRole}\n}`)
    expect(cloudFormation).toMatch(new RegExp(`CreateRole:\\n.*\\n.*\\n    Default: "${createRole}"`))
  })

  it('is created where the caller does not say', () => {
    expect(renderRecipes(second, OPTIONS)).toEqual(renderRecipes(second, { ...OPTIONS, createRole: true }))
  })

  it("stays as it is where the switch is off: only the function's own policy is unconditional", () => {
    const { terraform, cloudFormation } = renderRecipes(second, OPTIONS)
    const blocks = terraform.split(/^(?=resource )/m).slice(1)
    const unconditional = blocks.filter((block) => !block.includes('count ')).map((block) => block.match(/name += "(.*)"/)?.[1])
    expect(unconditional).toEqual(['GatehouseInvoke-eu-west-1-second'])
    const resources = cloudFormation.split('Resources:\n')[1]?.split(/\n\n/) ?? []
    const always = resources
      .filter((resource) => !resource.includes('    Condition: '))
      .map((resource) => resource.match(/PolicyName: "(.*)"/)?.[1])
    expect(always).toEqual(['GatehouseInvoke-eu-west-1-second'])
    expect(cloudFormation).toContain('RoleName: !If [RoleIsCreated, !Ref Role, "GatehouseFunctionCaller"]')
  })

  it('is a switch of no other kind', () => {
    const { terraform, cloudFormation } = renderRecipes(setupOf('IAM_WRITE'), { ...OPTIONS, createRole: false })
    expect(`${terraform}${cloudFormation}`).not.toMatch(/create_?role\b(?!")/i)
  })
})

describe('whatever stands in a document', () => {
  it.each(HOSTILE)('stays a value of it: %j', (text) => {
    const document = (value: unknown) => JSON.stringify({ Version: '2012-10-17', Statement: [{ Sid: value, [text]: text }] }, null, 2)
    const hostile: RoleSetup = {
      ...setupOf('FUNCTION_CALLER'),
      trustPolicy: document('trust'),
      inlinePolicy: document('inline'),
      additionalInlinePolicies: [{ name: 'GatehouseSelfRead', document: document('self') }],
    }
    const { terraform, cloudFormation } = renderRecipes(hostile, OPTIONS)
    expect(parsed(createdByTerraform(terraform))).toEqual(meaningOf(hostile))
    expect(parsed(createdByCloudFormation(cloudFormation))).toEqual(meaningOf(hostile))
  })
})

function countedBy(pattern: RegExp, text: string): Record<string, number> {
  const counted: Record<string, number> = {}
  for (const [, type = ''] of text.matchAll(pattern)) counted[type] = (counted[type] ?? 0) + 1
  return counted
}

function counts(all: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(all).filter(([, count]) => count > 0))
}
