/** `noun:verb`, e.g. awsRole:assume. Case counts. */
const concrete = /^[A-Za-z][A-Za-z0-9]*:[A-Za-z][A-Za-z0-9]*$/

/** Whether the text is one permission and not a pattern. */
export function isConcretePermission(permission: string): boolean {
  return permission.length <= 128 && concrete.test(permission)
}

/** Whether a pattern, each side a literal or a lone `*`, covers a concrete permission. */
export function coversPermission(pattern: string, permission: string): boolean {
  const [noun, verb] = pattern.split(':')
  const [wantedNoun, wantedVerb] = permission.split(':')
  return (noun === '*' || noun === wantedNoun) && (verb === '*' || verb === wantedVerb)
}
