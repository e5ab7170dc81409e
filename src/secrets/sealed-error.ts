/** A record names an encryption key that is not among those given. Carries the key's id, never a value. */
export class UnknownKeyIdError extends Error {
  override readonly name = 'UnknownKeyIdError'

  constructor(
    readonly keyId: string,
    what: string,
  ) {
    super(`${what} was sealed with the encryption key "${keyId}", which is not among the keys given.`)
  }
}

/** A record does not open: it was changed, moved from where it was sealed, or is no sealed record at all. Carries nothing of it. */
export class TamperedError extends Error {
  override readonly name = 'TamperedError'

  constructor(what: string) {
    super(`${what} does not open: it was changed, or it was sealed for another organization, record or field.`)
  }
}

const keySource = 'GATEHOUSE_ENCRYPTION_KEYS, or without DATABASE_URL the file encryption-keys in the data directory'

/** The encryption keys cannot be used: every problem found, told by key id and position, never by value. */
export class EncryptionKeysError extends Error {
  override readonly name = 'EncryptionKeysError'

  constructor(readonly problems: readonly string[]) {
    super(`The encryption keys (${keySource}) cannot be used: ${problems.join('; ')}.`)
  }
}
