export type VaultReason = 'denied' | 'missing' | 'redirect' | 'sealed' | 'failing' | 'silent' | 'tooLarge' | 'notVersion2'

/** Why a secret was not read. What Vault said stands nowhere in it. */
export class VaultError extends Error {
  constructor(readonly reason: VaultReason) {
    super(`Vault gave no secret: ${reason}`)
  }
}

/** What a status other than 200 says. */
export function reasonOf(status: number): VaultReason {
  if (status >= 300 && status < 400) return 'redirect'
  if (status === 401 || status === 403) return 'denied'
  if (status === 404) return 'missing'
  // Sealed, not yet initialized, or a standby that forwards to nobody.
  if (status === 503) return 'sealed'
  return 'failing'
}
