import type { Viewer } from './auth/viewer.ts'
import type { AccountReader } from './aws/account-reader/account-reader.ts'
import type { Verifier } from './aws/verification/verify.ts'
import type { ChangeFeed } from './changes/change-feed.ts'
import type { Config } from './config.ts'
import type { TxtLookup } from './dns/txt-lookup.ts'
import type { Issuer } from './identity/issuer.ts'
import type { OutboundGuard } from './outbound/outbound-guard.ts'
import type { Database } from './platform/database/database.ts'
import { LoaderCache } from './platform/loader.ts'
import type { Log } from './platform/log.ts'
import type { CursorSigner } from './platform/pagination/cursor.ts'
import type { Keyring } from './secrets/keyring.ts'
import type { Vault } from './vault/vault.ts'

/** What a process has, whoever asks. */
export interface Services {
  config: Config
  db: Database
  cursors: CursorSigner
  keyring: Keyring
  issuer: Issuer
  verifier: Verifier
  accountReader: AccountReader
  txtLookup: TxtLookup
  outbound: OutboundGuard
  /** null: this server has none. */
  vault: Vault | null
  changes: ChangeFeed
  log: Log
}

/** What a request or a job has: the services, who asks, and loaders of its own. */
export interface Context extends Services {
  viewer: Viewer
  requestId: string | null
  loaders: LoaderCache
}

/** Never to be spread: what it inherits would be lost. */
export function createContext(services: Services, viewer: Viewer, requestId: string | null, loaders = new LoaderCache()): Context {
  const context: unknown = Object.assign(Object.create(inherited(services)), { viewer, requestId, loaders })
  return context as Context
}

const prototypes = new WeakMap<Services, object>()

/** What every context inherits. Apollo copies what a context itself has, twice a request, and would ask each copy for its log. */
function inherited(services: Services): object {
  const known = prototypes.get(services)
  if (known) return known
  const made: object = Object.create(services, {
    // Few requests log anything, and a logger of its own costs more than most else of a request.
    log: {
      get(this: Context): Log {
        return this.requestId ? services.log.child({ requestId: this.requestId }) : services.log
      },
    },
  })
  prototypes.set(services, made)
  return made
}
