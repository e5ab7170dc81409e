/** Reading back out of a recipe's text what it would create, the way its tool reads it. */
import type { RoleSetup } from '../../src/aws/aws.type.ts'

export interface Created {
  trustPolicy: string
  /** Inline policies by name. */
  policies: Record<string, string>
}

/** What a setup is to create, with documents as values. */
export function meaningOf(setup: RoleSetup): { trustPolicy: unknown; policies: Record<string, unknown> } {
  const policies = [{ name: setup.inlinePolicyName, document: setup.inlinePolicy }, ...setup.additionalInlinePolicies]
  return parsed({ trustPolicy: setup.trustPolicy, policies: Object.fromEntries(policies.map(({ name, document }) => [name, document])) })
}

export function parsed({ trustPolicy, policies }: Created): { trustPolicy: unknown; policies: Record<string, unknown> } {
  const values = Object.entries(policies).map(([name, document]) => [name, JSON.parse(document)] as const)
  return { trustPolicy: JSON.parse(trustPolicy), policies: Object.fromEntries(values) }
}

/** A heredoc ends at the first line that is its delimiter alone; `$${` and `%%{` stand for `${` and `%{`, a single sign evaluates. */
export function createdByTerraform(text: string): Created {
  const documents = (attribute: string) =>
    [...text.matchAll(new RegExp(`(?:name += "(.*)"\\n(?: +role += .*\\n)?) +${attribute} += <<(\\w+)\\n([^]*?)\\n\\2\\n`, 'g'))].map(
      ([, name = '', , body = '']) => ({ name, document: terraformLiteral(body) }),
    )
  const [trust] = documents('assume_role_policy')
  return {
    trustPolicy: trust?.document ?? '',
    policies: Object.fromEntries(documents('policy').map(({ name, document }) => [name, document])),
  }
}

function terraformLiteral(body: string): string {
  const evaluated = body.replace(/(\$\$|%%)\{/g, '').match(/[$%]\{/)
  if (evaluated !== null) throw new Error(`Terraform would evaluate ${evaluated[0]}`)
  return body.replace(/(\$\$|%%)(?=\{)/g, (signs) => signs.slice(1))
}

/** The document under a key is what is indented deeper than the key. */
export function createdByCloudFormation(text: string): Created {
  const documents = (key: string) =>
    [...text.matchAll(new RegExp(`(?: +PolicyName: "(.*)"\\n)?( +)${key}:\\n((?:\\2 +.*(?:\\n|$))+)`, 'g'))].map(
      ([, name = '', , document = '']) => ({
        name,
        document,
      }),
    )
  const [trust] = documents('AssumeRolePolicyDocument')
  const policies = documents('PolicyDocument').map(({ name, document }) => [name, document])
  return { trustPolicy: trust?.document ?? '', policies: Object.fromEntries(policies) }
}
