import { Agent, request } from 'node:http'

export interface Question {
  query: string
  variables?: object
}

export interface Timing {
  requests: number
  requestsPerSecond: number
  p50Ms: number
  p99Ms: number
}

/** Sends one question after the other on each of some connections, for so long. Throws where an answer has errors. */
export async function timeQuestion(
  url: string,
  key: string,
  ask: (index: number) => Question,
  { connections = 1, seconds = 3 }: { connections?: number; seconds?: number } = {},
): Promise<Timing> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const latenciesMs: number[] = []
  const startedMs = performance.now()
  const untilMs = startedMs + seconds * 1_000
  let next = 0
  const connection = async () => {
    while (performance.now() < untilMs) {
      const beganMs = performance.now()
      await answerOf(url, key, ask(next++), agent)
      latenciesMs.push(performance.now() - beganMs)
    }
  }
  try {
    await Promise.all(Array.from({ length: connections }, connection))
  } finally {
    agent.destroy()
  }
  const elapsedMs = performance.now() - startedMs
  latenciesMs.sort((a, b) => a - b)
  const at = (share: number) => latenciesMs[Math.min(latenciesMs.length - 1, Math.floor(latenciesMs.length * share))] ?? 0
  const requests = latenciesMs.length
  return { requests, requestsPerSecond: (requests * 1_000) / elapsedMs, p50Ms: at(0.5), p99Ms: at(0.99) }
}

/** The answer's data. Throws where it has errors. */
export async function answerOf(url: string, key: string, question: Question, agent?: Agent): Promise<unknown> {
  const body = JSON.stringify(question)
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), authorization: `Bearer ${key}` }
  const text = await new Promise<string>((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers, ...(agent ? { agent } : {}) }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve(Buffer.concat(chunks).toString()))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
  const { data, errors } = JSON.parse(text) as { data?: unknown; errors?: unknown[] }
  if (errors || !data) throw new Error(`an answer with errors: ${text.slice(0, 500)}`)
  return data
}
