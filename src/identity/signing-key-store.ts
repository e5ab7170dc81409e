import { createPublicKey } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, exportPKCS8, generateKeyPair, importPKCS8 } from 'jose'
import type { Pool } from 'pg'
import { transaction } from '../platform/database/transaction.ts'
import { type Queryable, rows } from '../platform/statement.ts'
import type { Keyring } from '../secrets/keyring.ts'
import { sealContext, sealedColumns } from '../secrets/sealed-columns.ts'
import {
  isRotationDue,
  type KeyTimes,
  type PublicJwk,
  publishedAroundMs,
  publishedKeys,
  type SigningKey,
  signingKey,
  waitingKey,
} from './signing-key.ts'

/**
 * Why a key is made. `first`: none signs yet. `due`: the signing key is old. `scheduled`: an operator asks, nothing is wrong.
 * `leak`: an operator asks, and what exists must not be trusted a moment longer.
 */
export type RotationReason = 'first' | 'due' | 'scheduled' | 'leak'

export interface RotationResult {
  /** False where another process was first, or a new key waits already. */
  rotated: boolean
  /** The newest key: the one that signs or waits to. */
  kid: string
  signsFrom: Date
}

/** The published keys, opened. Those in `known` are not opened again. Throws if one cannot be opened. */
export async function loadSigningKeys(db: Queryable, keyring: Keyring, at: Date, known: readonly SigningKey[]): Promise<SigningKey[]> {
  const text = `select "kid", "sealedPrivate", ${timeColumns} from "SigningKey" where "publishedUntil" is null or "publishedUntil" > $1 order by "signsFrom"`
  const stored = await rows<KeyTimes & { sealedPrivate: string }>(db, { text }, [at])
  return Promise.all(
    stored.map(async ({ sealedPrivate, ...times }) => {
      const opened = known.find(({ kid }) => kid === times.kid) ?? (await openKey(keyring, times.kid, sealedPrivate))
      return { ...times, publicJwk: opened.publicJwk, privateKey: opened.privateKey }
    }),
  )
}

/**
 * Makes a key if the reason holds, in one transaction under a lock of all processes: of several that ask at once, one makes it.
 * Keys that have left the JWKS before are deleted with it.
 */
export async function rotateSigningKeys(pool: Pool, keyring: Keyring, clock: () => Date, reason: RotationReason): Promise<RotationResult> {
  const before = await readTimes(pool)
  const seen = new Set(before.map(({ kid }) => kid))
  const standing = standingKey(reason, before, seen, clock())
  if (standing) return standing
  return transaction(pool, async (tx) => {
    await tx.query({ text: `select pg_advisory_xact_lock(hashtextextended('gatehouse.signing-keys', 0))`, values: [] })
    const at = clock()
    const stored = await readTimes(tx)
    const madeByOther = standingKey(reason, stored, seen, at)
    if (madeByOther) return madeByOther
    const isAtOnce = reason === 'leak' || signingKey(publishedKeys(stored, at), at) === undefined
    const signsFrom = isAtOnce ? at : new Date(at.getTime() + publishedAroundMs)
    await tx.query({ text: 'delete from "SigningKey" where "publishedUntil" <= $1', values: [at] })
    await (reason === 'leak' ? withdrawAll(tx, at) : retireAll(tx, signsFrom))
    return { rotated: true, kid: await insertKey(tx, keyring, at, signsFrom), signsFrom }
  })
}

/** The key that makes another one needless; null where the reason holds. */
function standingKey(reason: RotationReason, stored: KeyTimes[], seen: ReadonlySet<string>, at: Date): RotationResult | null {
  const keys = publishedKeys(stored, at)
  const signing = signingKey(keys, at)
  if (!signing || isWanted(reason, keys, signing, seen, at)) return null
  const { kid, signsFrom } = waitingKey(keys, at) ?? signing
  return { rotated: false, kid, signsFrom }
}

/** `seen` are the keys that stood when the caller asked: where another signs by now, its rotation was done for it. */
function isWanted(reason: RotationReason, keys: KeyTimes[], signing: KeyTimes, seen: ReadonlySet<string>, at: Date): boolean {
  if (reason === 'first') return false
  if (reason === 'due') return isRotationDue(keys, at)
  return seen.has(signing.kid) && (reason === 'leak' || !waitingKey(keys, at))
}

const timeColumns = '"createdAt", "signsFrom", "retiredAt", "publishedUntil"'

function readTimes(db: Queryable): Promise<KeyTimes[]> {
  return rows<KeyTimes>(db, { text: `select "kid", ${timeColumns} from "SigningKey"` }, [])
}

async function retireAll(tx: Queryable, at: Date): Promise<void> {
  const text = 'update "SigningKey" set "retiredAt" = $1, "publishedUntil" = $2 where "retiredAt" is null'
  await tx.query({ text, values: [at, new Date(at.getTime() + publishedAroundMs)] })
}

async function withdrawAll(tx: Queryable, at: Date): Promise<void> {
  const text = 'update "SigningKey" set "retiredAt" = least("retiredAt", $1), "publishedUntil" = least("publishedUntil", $1)'
  await tx.query({ text, values: [at] })
}

/** Makes the key inside the transaction: rivals wait for it (a second at most) instead of each making one for nothing. */
async function insertKey(tx: Queryable, keyring: Keyring, createdAt: Date, signsFrom: Date): Promise<string> {
  const pair = await generateKeyPair('RS256', { modulusLength: 2048, extractable: true })
  const publicJwk = await publicMembers(await exportJWK(pair.publicKey))
  const sealed = keyring.seal(await exportPKCS8(pair.privateKey), sealContext(sealedColumns.signingKey, publicJwk.kid))
  const text = 'insert into "SigningKey" ("kid", "publicJwk", "sealedPrivate", "createdAt", "signsFrom") values ($1, $2, $3, $4, $5)'
  await tx.query({ text, values: [publicJwk.kid, JSON.stringify(publicJwk), sealed, createdAt, signsFrom] })
  return publicJwk.kid
}

async function openKey(
  keyring: Keyring,
  kid: string,
  sealedPrivate: string,
): Promise<{ publicJwk: PublicJwk; privateKey: SigningKey['privateKey'] }> {
  const pem = keyring.open(sealedPrivate, sealContext(sealedColumns.signingKey, kid)).toString('utf8')
  // Derived from the sealed half: who can only write to the database cannot have a key of theirs published.
  const publicJwk = await publicMembers(createPublicKey(pem).export({ format: 'jwk' }))
  if (publicJwk.kid !== kid) throw new Error(`The signing key ${kid} is stored under a name that is not its own.`)
  return { publicJwk, privateKey: await importPKCS8(pem, 'RS256') }
}

/** Member by member, so that nothing private ever comes along; the kid is the key's thumbprint (RFC 7638). */
async function publicMembers({ n, e }: { n?: string; e?: string }): Promise<PublicJwk> {
  if (!n || !e) throw new Error('A signing key is not an RSA key.')
  return { kty: 'RSA', n, e, alg: 'RS256', use: 'sig', kid: await calculateJwkThumbprint({ kty: 'RSA', n, e }) }
}
