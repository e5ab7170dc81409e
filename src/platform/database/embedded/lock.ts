import { randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { DatabaseStartError } from '../start-error.ts'

const claimPattern = /^start\.(\d+)\.[0-9a-f]{8}$/

/**
 * Takes the data directory for this process, or says which process has it. A claim is a listening socket: the kernel closes it with its
 * process, so a dead holder's claim is known by the refused connection, whatever became of the process id since.
 */
export async function lockDataDirectory(runDir: string, dataDir: string): Promise<{ release(): Promise<void> }> {
  let holder: number | undefined
  for (let attempt = 0; attempt < 8; attempt++) {
    const claim = await makeClaim(runDir)
    // Whoever claims looks for others only afterwards, so of two at once at least one sees the other. Both may: then both step back.
    const { mine, others } = await liveClaims(runDir, claim.name)
    if (mine && others.length === 0) return { release: claim.withdraw }
    await claim.withdraw()
    holder = others[0] ?? holder
    await delay(50 + Math.random() * 150)
  }
  throw new DatabaseStartError(
    `Another Gatehouse${holder === undefined ? '' : ` (process ${holder})`} already runs on the data directory ${dataDir}: ` +
      'stop it first, or set GATEHOUSE_DATA_DIR to another directory.',
  )
}

/** Whether some process holds the data directory now. */
export async function isDataDirectoryLocked(runDir: string): Promise<boolean> {
  return (await liveClaims(runDir, undefined)).others.length > 0
}

async function makeClaim(runDir: string): Promise<{ name: string; withdraw(): Promise<void> }> {
  const name = `start.${process.pid}.${randomBytes(4).toString('hex')}`
  const server = net.createServer((socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path.join(runDir, name), resolve)
  })
  server.unref()
  let closing: Promise<void> | undefined
  const withdraw = () => {
    closing ??= new Promise((resolve) => server.close(() => resolve()))
    return closing
  }
  return { name, withdraw }
}

/** Process ids of the living claims other than `own`; claims of the dead are removed. Their names are never used again. */
async function liveClaims(runDir: string, own: string | undefined): Promise<{ mine: boolean; others: number[] }> {
  const names = (await readdir(runDir).catch(absent)).filter((name) => claimPattern.test(name))
  const others: number[] = []
  for (const name of names) {
    if (name === own) continue
    if (await isListening(path.join(runDir, name))) others.push(Number(claimPattern.exec(name)?.[1]))
    else await rm(path.join(runDir, name), { force: true })
  }
  return { mine: own !== undefined && names.includes(own), others }
}

function isListening(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    // Only a refusal proves death; with a full backlog, say, somebody is there.
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'))
  })
}

function absent(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return []
  throw error
}
