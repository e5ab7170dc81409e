import { reasonOf, VaultError } from './vault-error.ts'

export interface VaultSettings {
  /** Where it is, as the operator gave it: no tenant's choice, so the outbound guard has no say in it. Without trailing slash. */
  address: string
  token: string
}

/** The operator's HashiCorp Vault. */
export interface Vault {
  /**
   * The newest version of a secret of a KV engine, version 2. Both parts must have passed `vaultReferenceProblems`: they go into a URL as
   * they are. Throws a VaultError, or the signal's reason when that ends it.
   */
  read(reference: VaultReference, signal: AbortSignal): Promise<Record<string, unknown>>
}

export interface VaultReference {
  /** Where the engine is mounted. */
  secretEngine: string
  path: string
}

const timeoutMs = 5_000
/** Vault itself takes no entry over 1 MiB unless told to. */
const maxBytes = 1024 * 1024

export function createVault({ address, token }: VaultSettings): Vault {
  const headers = { 'x-vault-token': token, 'x-vault-request': 'true', accept: 'application/json' }
  return {
    async read({ secretEngine, path }, signal) {
      const ends = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
      try {
        const response = await fetch(`${address}/v1/${secretEngine}/data/${path}`, { headers, redirect: 'manual', signal: ends })
        if (response.status !== 200) {
          await response.body?.cancel()
          throw new VaultError(reasonOf(response.status))
        }
        return valuesOf(await readText(response))
      } catch (error) {
        if (signal.aborted) throw signal.reason
        throw error instanceof VaultError ? error : new VaultError('silent')
      }
    },
  }
}

async function readText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw new VaultError('tooLarge')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** An engine of version 2 answers with `data` and `metadata` in `data`; anything else may be somebody else's secret in another form. */
function valuesOf(text: string): Record<string, unknown> {
  const outer = memberOf(parsed(text), 'data')
  const values = memberOf(outer, 'data')
  const metadata = memberOf(outer, 'metadata')
  if (!isObject(values) || !isObject(metadata)) throw new VaultError('notVersion2')
  return values
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new VaultError('notVersion2')
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
const memberOf = (value: unknown, name: string): unknown => (isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined)
