// The load: reads a job from its first argument, sends requests for so long, prints what it measured as JSON.
import { readFileSync } from 'node:fs'
import autocannon from 'autocannon'

/** { url, seconds, clients: [[{ body, headers }]] }: each client is one connection that sends its requests in turn. */
const { url, seconds, clients } = JSON.parse(readFileSync(process.argv[2], 'utf8'))

let next = 0
let wrong = 0
const latenciesMs = []
const usedBefore = process.cpuUsage()
const startedAt = performance.now()
const instance = autocannon({
  url,
  method: 'POST',
  connections: clients.length,
  duration: seconds,
  setupClient: (client) => {
    client.setRequests(clients[next++ % clients.length].map(({ body, headers }) => ({ method: 'POST', path: '/graphql', body, headers })))
    client.on('body', (body) => {
      // Whoever answers with an error, or nothing, is not measured.
      if (body.includes('"errors":[{') || body.length < 40) wrong++
    })
  },
})
instance.on('response', (_client, _status, _bytes, responseTime) => latenciesMs.push(responseTime))
const result = await instance
const elapsedMs = performance.now() - startedAt
const { user, system } = process.cpuUsage(usedBefore)
latenciesMs.sort((a, b) => a - b)
const at = (share) => latenciesMs[Math.min(latenciesMs.length - 1, Math.floor(latenciesMs.length * share))] ?? null
console.log(
  JSON.stringify({
    requests: result['2xx'],
    failed: result.non2xx + result.errors + result.timeouts + wrong,
    seconds: elapsedMs / 1000,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    loadCpu: (user + system) / 1000 / elapsedMs,
  }),
)
