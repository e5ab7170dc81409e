/** What AWS says reaches people and logs only through here: bounded, printable, without anything that opens a door. */

const JWT = /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]+/gu

/** `text` in one line of at most `maxLength` characters, with each of `secrets` and everything that looks like a JWT blotted out. */
export function plainText(text: string, secrets: Iterable<string>, maxLength: number): string {
  let plain = text
  for (const secret of secrets) {
    // Signature errors quote the canonical request, in which values stand percent-encoded.
    for (const form of [secret, encodeURIComponent(secret)]) if (form !== '') plain = plain.replaceAll(form, '[redacted]')
  }
  plain = plain.replaceAll(JWT, '[redacted]').replaceAll(UNPRINTABLE, ' ').replaceAll(/ {2,}/g, ' ').trim()
  // A cut through a surrogate pair would leave half of it, which JSON columns refuse.
  return plain.length <= maxLength ? plain : `${plain.slice(0, maxLength - 1).replace(UNPRINTABLE, '')}…`
}
