import type { Viewer } from './auth/viewer.ts'
import type { Verifier } from './aws/verification/verify.ts'
import type { Config } from './config.ts'
import type { TxtLookup } from './dns/txt-lookup.ts'
import type { Issuer } from './identity/issuer.ts'
import type { OutboundGuard } from './outbound/outbound-guard.ts'
import type { Database } from './platform/database/database.ts'
import { LoaderCache } from './platform/loader.ts'
import type { Log } from './platform/log.ts'
import type { CursorSigner } from './platform/pagination/cursor.ts'
import type { Keyring } from './secrets/keyring.ts'

/** What a process has, whoever asks. */
export interface Services {
  config: Config
  db: Database
  keyring: Keyring
  cursors: CursorSigner
  issuer: Issuer
  verifier: Verifier
  txtLookup: TxtLookup
  outbound: OutboundGuard
  log: Log
}

/** What a request or a job has: the services, who asks, and loaders of its own. */
export interface Context extends Services {
  viewer: Viewer
  requestId: string | null
  loaders: LoaderCache
}

export function createContext(services: Services, viewer: Viewer, requestId: string | null): Context {
  return { ...services, log: requestId ? services.log.child({ requestId }) : services.log, viewer, requestId, loaders: new LoaderCache() }
}
