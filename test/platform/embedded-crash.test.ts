import { spawn } from 'node:child_process'
import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'
import {
  forgetUsedDataDir,
  isAlive,
  isRemembered,
  makeDirectory,
  query,
  remember,
  serverPid,
  spawnEmbedded,
  start,
  startProcess,
  untilGone,
  urlOf,
  usedDataDir,
} from './fixtures/embedded.ts'

afterAll(forgetUsedDataDir)

const watchdogOf = async (pid: number) => {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').map(Number)
  for (const child of children) if ((await readFile(`/proc/${child}/cmdline`, 'utf8')).includes('gatehouse-watchdog')) return child
  throw new Error('there is no watchdog')
}

it('a creation that was killed half-way is made anew by the next start, and nothing of it stays', async () => {
  const dataDir = path.join(await makeDirectory(), 'data')
  const child = spawnEmbedded(dataDir)
  await vi.waitFor(async () => {
    const staging = (await readdir(dataDir)).find((name) => name.startsWith('postgres.init-'))
    await stat(path.join(dataDir, staging!, 'cluster', 'base'))
  }, 15_000)
  child.kill('SIGKILL')
  expect(await readdir(dataDir)).not.toContain('postgres')
  const server = await start(dataDir)
  expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }])
  await vi.waitFor(async () => {
    expect((await readdir(dataDir)).sort()).toEqual(['pgpass', 'postgres', 'run'])
  })
})

it('a killed process leaves no server behind, and the next start has every acknowledged row', async () => {
  const dataDir = await usedDataDir()
  const child = await startProcess(dataDir)
  await remember(urlOf(child))
  const pid = await serverPid(dataDir)
  await child.kill('SIGKILL')
  await untilGone(pid)
  expect(await isRemembered((await start(dataDir)).url)).toBe(true)
})

it('a start right after the kill waits for the old server and has every acknowledged row', async () => {
  const dataDir = await usedDataDir()
  const child = await startProcess(dataDir)
  await remember(urlOf(child))
  const pid = await serverPid(dataDir)
  await child.kill('SIGKILL')
  const server = await start(dataDir)
  expect(isAlive(pid)).toBe(false)
  expect(await isRemembered(server.url)).toBe(true)
})

it.runIf(process.platform === 'linux')('a server whose watchdog was killed too is found and replaced by the next start', async () => {
  const dataDir = await usedDataDir()
  const child = await startProcess(dataDir)
  await remember(urlOf(child))
  const pid = await serverPid(dataDir)
  process.kill(await watchdogOf(child.pid), 'SIGKILL')
  await child.kill('SIGKILL')
  expect(await isRemembered(urlOf(child))).toBe(true)
  const server = await start(dataDir)
  expect(isAlive(pid)).toBe(false)
  expect(await serverPid(dataDir)).not.toBe(pid)
  expect(await isRemembered(server.url)).toBe(true)
})

it('a process and a server killed together leave a cluster that recovers by itself', async () => {
  const dataDir = await usedDataDir()
  const child = await startProcess(dataDir)
  await remember(urlOf(child))
  const pid = await serverPid(dataDir)
  process.kill(pid, 'SIGKILL')
  await child.kill('SIGKILL')
  await untilGone(pid)
  expect(await isRemembered((await start(dataDir)).url)).toBe(true)
})

it('a server that is killed alone comes back under the same address', async () => {
  const dataDir = await usedDataDir()
  const server = await start(dataDir)
  await remember(server.url)
  const pid = await serverPid(dataDir)
  process.kill(pid, 'SIGKILL')
  await untilGone(pid)
  await vi.waitFor(async () => expect(await isRemembered(server.url)).toBe(true), { timeout: 15_000, interval: 200 })
})

it('a server that cannot come back can be stopped at once', async () => {
  const dataDir = await usedDataDir()
  const server = await start(dataDir)
  const pid = await serverPid(dataDir)
  await rename(path.join(dataDir, 'postgres', 'global', 'pg_control'), path.join(dataDir, 'pg_control'))
  process.kill(pid, 'SIGKILL')
  await untilGone(pid)
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  const before = performance.now()
  await server.stop()
  expect(performance.now() - before).toBeLessThan(2_000)
})

it('a process id of a crashed server that another process has by now does not stop the start', async () => {
  const dataDir = await usedDataDir()
  const { uid, gid } = await stat(path.join(dataDir, 'postgres'))
  const stranger = spawn('sleep', ['60'], { ...(process.getuid?.() === 0 ? { uid, gid } : {}) })
  const lines = [stranger.pid, path.join(dataDir, 'postgres'), 1, 5432, path.join(dataDir, 'run'), '', '', 'ready']
  await writeFile(path.join(dataDir, 'postgres', 'postmaster.pid'), `${lines.join('\n')}\n`)
  const server = await start(dataDir)
  expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }])
  expect(stranger.kill()).toBe(true)
})

it('an interrupt of the terminal leaves the server to the process, which stops it last', async () => {
  const dataDir = await usedDataDir()
  const child = await startProcess(dataDir)
  process.kill(-child.pid, 'SIGINT')
  await new Promise((resolve) => setTimeout(resolve, 500))
  await remember(urlOf(child))
  const pid = await serverPid(dataDir)
  await child.stop()
  expect(isAlive(pid)).toBe(false)
  await expect(stat(path.join(dataDir, 'postgres', 'postmaster.pid'))).rejects.toThrow('ENOENT')
})
