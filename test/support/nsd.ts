import { type ChildProcess, spawn } from 'node:child_process'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from './app.ts'

const program = '/usr/sbin/nsd'

/** Whether tests that need a real name server are left out: on a machine without nsd, but never in CI, where they fail instead. */
export const withoutNsd = !existsSync(program) && !process.env.CI

export interface Nsd {
  /** As GATEHOUSE_DNS_SERVERS takes it. */
  address: string
  /** The zone `example.` holds these lines from now on, e.g. `acme TXT "text"`, and nothing else. */
  serve(...lines: string[]): Promise<void>
  /** Nobody answers at the port. */
  stop(): Promise<void>
  start(): Promise<void>
  close(): Promise<void>
}

/** An authoritative name server for `example.` on a free port of 127.0.0.1; for `broken.example.` it has no data and answers SERVFAIL, for all else REFUSED. */
export async function startNsd(): Promise<Nsd> {
  const folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-nsd-'))
  const port = await freePort()
  const address = `127.0.0.1:${port}`
  const configFile = path.join(folder, 'nsd.conf')
  await writeFile(configFile, config(folder, port))
  let child: ChildProcess | null = null
  let serial = 0

  const write = async (lines: string[]) => {
    serial += 1
    const soa = `@ SOA ns root ${serial} 3600 600 86400 0\n@ NS ns\nns A 127.0.0.1`
    await writeFile(path.join(folder, 'example.zone'), `$ORIGIN example.\n$TTL 0\n${soa}\n${lines.join('\n')}\n`)
  }
  /** Until the zone as it was last written is what is answered. */
  const served = async () => {
    const resolver = new Resolver({ timeout: 200, tries: 1 })
    resolver.setServers([address])
    for (const until = Date.now() + 10_000; Date.now() < until; await delay(20)) {
      if (child?.exitCode != null) throw new Error(`nsd ended with ${child.exitCode}; try: ${program} -d -c ${configFile}`)
      const soa = await resolver.resolveSoa('example').catch(() => null)
      if (soa?.serial === serial) return
    }
    throw new Error('nsd does not serve the zone')
  }
  const nsd: Nsd = {
    address,
    async serve(...lines) {
      await write(lines)
      child?.kill('SIGHUP')
      await served()
    },
    async stop() {
      const running = child
      child = null
      if (!running || running.exitCode !== null) return
      running.kill('SIGTERM')
      await once(running, 'exit')
    },
    async start() {
      child = spawn(program, ['-d', '-c', configFile], { stdio: 'ignore' })
      await once(child, 'spawn')
      await served()
    },
    async close() {
      await nsd.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
  await write([])
  await nsd.start()
  return nsd
}

const config = (folder: string, port: number) => `server:
  ip-address: 127.0.0.1@${port}
  server-count: 1
  username: ""
  zonesdir: "${folder}"
  pidfile: "${folder}/nsd.pid"
  database: ""
  xfrdfile: ""
  xfrdir: "${folder}"
  zonelistfile: "${folder}/zone.list"
  logfile: "${folder}/nsd.log"
remote-control:
  control-enable: no
zone:
  name: example.
  zonefile: example.zone
zone:
  name: broken.example.
  zonefile: none.zone
`
