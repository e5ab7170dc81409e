import { createHmac, timingSafeEqual } from 'node:crypto'

/** The order values of one row, as text, in the order's columns. */
export type CursorValues = (string | null)[]

const macBytes = 12

/**
 * Signs and reads cursors. A cursor is opaque and holds the order values of its row; its MAC covers those and the binding
 * (connection, order, filter, tenant), so that it is refused when altered or used elsewhere. 96 bits of HMAC-SHA256.
 */
export class CursorSigner {
  readonly #key: Buffer

  constructor(key: Buffer) {
    this.#key = key
  }

  sign(binding: string, values: CursorValues): string {
    const body = Buffer.from(JSON.stringify(values))
    return Buffer.concat([this.#mac(binding, body), body]).toString('base64url')
  }

  /** The values, or null for whatever was not signed here for this binding. */
  read(binding: string, cursor: string): CursorValues | null {
    const bytes = Buffer.from(cursor, 'base64url')
    if (bytes.length <= macBytes || bytes.toString('base64url') !== cursor) return null
    const body = bytes.subarray(macBytes)
    if (!timingSafeEqual(bytes.subarray(0, macBytes), this.#mac(binding, body))) return null
    return JSON.parse(body.toString('utf8')) as CursorValues
  }

  #mac(binding: string, body: Buffer): Buffer {
    return createHmac('sha256', this.#key)
      .update(`${Buffer.byteLength(binding)}:${binding}`)
      .update(body)
      .digest()
      .subarray(0, macBytes)
  }
}
