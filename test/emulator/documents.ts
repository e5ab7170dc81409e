/** Policy documents that several tests use. */

type Conditions = Record<string, Record<string, string | string[]>>

export function trustPolicy(federated: string, conditions: Conditions, ...more: object[]): string {
  const allow = { Effect: 'Allow', Principal: { Federated: federated }, Action: 'sts:AssumeRoleWithWebIdentity', Condition: conditions }
  return JSON.stringify({ Version: '2012-10-17', Statement: [allow, ...more] })
}

export function policy(...statements: object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}

export function allow(action: string | string[], resource: string | string[] = '*', conditions?: Conditions): object {
  return { Effect: 'Allow', Action: action, Resource: resource, ...(conditions && { Condition: conditions }) }
}

export function deny(action: string | string[], resource: string | string[] = '*', conditions?: Conditions): object {
  return { Effect: 'Deny', Action: action, Resource: resource, ...(conditions && { Condition: conditions }) }
}

/** A trust policy for one of AWS's own services. */
export function servicePrincipal(service: string): string {
  return policy({ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' })
}
