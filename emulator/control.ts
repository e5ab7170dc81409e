import { z } from 'zod'
import { type Faults, faultSchema } from './faults.ts'
import type { Requests } from './requests.ts'
import type { HttpAnswer, HttpRequest, Seed, Service } from './service.ts'
import type { EmulatorState } from './state.ts'

export const controlPrefix = '/_emulator/'

interface Controlled {
  services: readonly Service[]
  state: EmulatorState
  faults: Faults
  requests: Requests
}

/**
 * Answers `/_emulator/faults`, `/_emulator/requests` and `/_emulator/state`: GET shows, DELETE clears, POST faults adds one or several. POST
 * to what a service seeds (buckets, instances) puts one or several.
 */
export function answerControl(controlled: Controlled, request: HttpRequest, remoteAddress: string | undefined): HttpAnswer {
  // A page in a browser on this machine reaches loopback too, but always says where it comes from.
  if (!isLoopback(remoteAddress) || request.headers.origin !== undefined)
    return answer(403, { error: 'Only for programs on this machine.' })
  const { faults, requests, services } = controlled
  const name = request.path.slice(controlPrefix.length)
  const seed = services.flatMap(({ seeds = {} }) => (Object.hasOwn(seeds, name) ? [seeds[name]] : []))[0]
  if (seed && request.method === 'POST') return put(seed, controlled.state, request.body.toString('utf8'))
  switch (`${request.method} ${name}`) {
    case 'GET faults':
      return answer(200, { faults: faults.list() })
    case 'POST faults':
      return addFaults(faults, request.body.toString('utf8'))
    case 'DELETE faults': {
      const id = request.query.get('id')
      if (id === null) faults.clear()
      else if (!faults.remove(id)) return answer(404, { error: `No fault ${id}` })
      return answer(200, { faults: faults.list() })
    }
    case 'GET requests':
      return answer(200, { total: requests.count(), byOperation: requests.byOperation(), recent: requests.recent() })
    case 'DELETE requests':
      requests.reset()
      return answer(200, { total: 0 })
    case 'GET state':
      return answer(200, describeState(controlled, request.query.get('account')))
    default:
      return answer(404, {
        error: 'GET, POST or DELETE faults; GET or DELETE requests; GET state[?account=<12 digits>]; POST buckets or instances',
      })
  }
}

function addFaults(faults: Faults, body: string): HttpAnswer {
  const json = parse(body)
  if (json === undefined) return answer(400, { error: 'The body is not JSON.' })
  const read = z.union([faultSchema.transform((fault) => [fault]), z.array(faultSchema)]).safeParse(json)
  if (!read.success) return answer(400, { error: z.prettifyError(read.error) })
  return answer(201, { ids: read.data.map((fault) => faults.add(fault)) })
}

/** All of them, or, where one is not of the form, none. */
function put(seed: Seed, state: EmulatorState, body: string): HttpAnswer {
  const json = parse(body)
  if (json === undefined) return answer(400, { error: 'The body is not JSON.' })
  try {
    const prepared = (Array.isArray(json) ? json : [json]).map((item) => seed.prepare(item))
    return answer(201, { arns: prepared.map((putOne) => putOne(state)) })
  } catch (error) {
    if (error instanceof z.ZodError) return answer(400, { error: z.prettifyError(error) })
    throw error
  }
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

function describeState({ services, state }: Controlled, accountId: string | null) {
  const accounts = [...state.accounts.values()].filter(({ id }) => accountId === null || id === accountId)
  return {
    accounts: accounts.map((account) => ({
      id: account.id,
      partition: account.partition,
      ...Object.assign({}, ...services.map((service) => service.describe?.(account))),
    })),
  }
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && (/^(::ffff:)?127\./.test(address) || address === '::1')
}

function answer(status: number, body: unknown): HttpAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: `${JSON.stringify(body, null, 2)}\n` }
}
