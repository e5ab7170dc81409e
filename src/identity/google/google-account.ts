/** A Google service account that stands for one organization, or for the decoy. */
export interface GoogleAccount {
  email: string
  /** 21 digits: the `sub` and `azp` of its tokens. */
  uniqueId: string
}

/** What `issuer` is in google mode: AWS's name for the provider it has built in. */
export const googleIssuer = 'accounts.google.com'

/** What the tokens of an organization's account are for; AWS sees it as `accounts.google.com:oaud`. */
export const googleAudience = (organizationId: string): string => `gatehouse:${organizationId}`

/** `email:unique id,…`; null where it is not that, or names an account twice. */
export function parseGoogleAccounts(text: string): GoogleAccount[] | null {
  const accounts = text.split(',').map((entry) => {
    const [, email = '', uniqueId = ''] = /^([a-z0-9.-]+@[a-z0-9.-]+\.gserviceaccount\.com):([0-9]{21})$/.exec(entry.trim()) ?? []
    return { email, uniqueId }
  })
  const areDistinct = (values: string[]) => new Set(values).size === values.length
  const isWhole = accounts.every(({ email }) => email !== '')
  return isWhole && areDistinct(accounts.map(({ email }) => email)) && areDistinct(accounts.map(({ uniqueId }) => uniqueId))
    ? accounts
    : null
}
