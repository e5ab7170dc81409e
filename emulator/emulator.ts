import type { AddressInfo } from 'node:net'
import { answerControl, controlPrefix } from './control.ts'
import { Faults } from './faults.ts'
import { answerCall } from './gateway.ts'
import { iam } from './iam/iam.service.ts'
import { lambda } from './lambda/lambda.service.ts'
import { type RecordedRequest, Requests } from './requests.ts'
import { resourceExplorer } from './resource-explorer/resource-explorer.service.ts'
import { createHttpServer } from './server.ts'
import type { Service } from './service.ts'
import { accessAnalyzer } from './services/access-analyzer.ts'
import { cloudTrail } from './services/cloudtrail.ts'
import { ec2 } from './services/ec2.ts'
import { identityCenter } from './services/identity-center.ts'
import { s3 } from './services/s3.ts'
import { secretsManager } from './services/secrets-manager.ts'
import { tagging } from './services/tagging.ts'
import { EmulatorState } from './state.ts'
import { createIssuerKeys } from './sts/issuer-keys.ts'
import { createSts } from './sts/sts.service.ts'
import type { GoogleIssuer } from './sts/web-identity-token.ts'

export interface AwsEmulatorOptions {
  /** Epoch milliseconds; decides when sessions and tokens end and when writes become visible. Default: the clock. */
  now?: () => number
  /** Decides faults with a probability. Default Math.random. */
  random?: () => number
  /** Where Google's tokens come from; default Google itself. */
  google?: GoogleIssuer
  /** How long an issuer's keys are remembered (default 5,000) and how long it may take to answer (default 5,000, as AWS gives it). */
  issuer?: { cacheMs?: number; timeoutMs?: number }
  /** Told of every call when it has ended. */
  onRequest?: (request: RecordedRequest) => void
}

export interface AwsEmulator {
  /** Default port 0 (a free one) on 127.0.0.1. Gives the URL for AWS_ENDPOINT_URL. */
  listen(port?: number, host?: string): Promise<string>
  /** Ends every connection, delay and fetch at once. */
  close(): Promise<void>
  state: EmulatorState
  faults: Faults
  requests: Requests
}

const googleItself: GoogleIssuer = { issuer: 'https://accounts.google.com', jwksUrl: 'https://www.googleapis.com/oauth2/v3/certs' }

/** An AWS to test and try things against: accounts in memory, the wire protocols of AWS, real trust and permission decisions. */
export function createAwsEmulator(options: AwsEmulatorOptions = {}): AwsEmulator {
  const closing = new AbortController()
  const state = new EmulatorState(options.now ?? Date.now)
  const faults = new Faults(options.random ?? Math.random)
  const requests = new Requests(options.onRequest)
  const { cacheMs = 5000, timeoutMs = 5000 } = options.issuer ?? {}
  const issuerKeys = createIssuerKeys({ cacheMs, timeoutMs, closing: closing.signal })
  const sts = createSts({ issuerKeys, google: options.google ?? googleItself })
  const services: Service[] = [
    ...[sts, iam, accessAnalyzer, cloudTrail, lambda, identityCenter],
    ...[resourceExplorer, s3, ec2, tagging, secretsManager],
  ]
  const gateway = { services, state, faults, requests, closing: closing.signal }
  const server = createHttpServer(async (request, remoteAddress) =>
    request.path.startsWith(controlPrefix) ? answerControl(gateway, request, remoteAddress) : answerCall(gateway, request),
  )
  return {
    state,
    faults,
    requests,
    listen: (port = 0, host = '127.0.0.1') =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => {
          server.off('error', reject)
          resolve(urlOf(server.address() as AddressInfo))
        })
      }),
    async close() {
      closing.abort()
      if (!server.listening) return
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

function urlOf({ address, family, port }: AddressInfo): string {
  if (address === '0.0.0.0' || address === '::') return `http://127.0.0.1:${port}`
  return family === 'IPv6' ? `http://[${address}]:${port}` : `http://${address}:${port}`
}
