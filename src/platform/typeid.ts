import { typeidUnboxed } from 'typeid-js'

/** Prefixes of the ids this graph gives out, with the type each stands for. */
export const idPrefixes = {
  org: 'Organization',
  key: 'ApiKey',
  aud: 'AuditEvent',
  int: 'Integration',
  cmp: 'Component',
  ver: 'Verification',
  tr: 'ComponentTransition',
  acct: 'AwsAccount',
  cred: 'AwsCredential',
  role: 'AwsRole',
  sync: 'AwsSync',
  op: 'BackgroundOperation',
  mem: 'Member',
  ug: 'UserGroup',
  pol: 'Policy',
  pg: 'PermissionGroup',
  rg: 'ResourceGroup',
  sso: 'SsoConnector',
  conn: 'Connector',
  res: 'Resource',
  perm: 'IntegrationPermission',
} as const

export type IdPrefix = keyof typeof idPrefixes

/** A new id: the prefix and a UUIDv7, so that ids of one kind sort by the time they were made. */
export function newId(prefix: IdPrefix): string {
  return typeidUnboxed(prefix)
}

/** The prefix of a well-formed id of this graph, else null. Never throws. */
export function prefixOf(id: string): IdPrefix | null {
  const end = id.lastIndexOf('_')
  const prefix = id.slice(0, end)
  return end > 0 && Object.hasOwn(idPrefixes, prefix) && isId(prefix as IdPrefix, id) ? (prefix as IdPrefix) : null
}

/** Whether the text is a well-formed id of that prefix; says nothing about whether it exists. */
export function isId(prefix: IdPrefix, id: string): boolean {
  return id.startsWith(`${prefix}_`) && suffix.test(id.slice(prefix.length + 1))
}

/** 128 bits in Crockford's base 32, lower case. Checked by its form: decoding it costs thirty times as much. */
const suffix = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/
