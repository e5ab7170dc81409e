import { chmod, chown, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { makeWorkerUtils } from 'graphile-worker'
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { findBinaries } from '../../src/platform/database/embedded/binaries.ts'
import { isDataDirectoryLocked } from '../../src/platform/database/embedded/lock.ts'
import { runDirOf } from '../../src/platform/database/embedded/place.ts'
import { explainFailure } from '../../src/platform/database/embedded/server-log.ts'
import { joinEmbeddedPostgres, startEmbeddedPostgres } from '../../src/platform/database/embedded-postgres.ts'
import { asStartError, DatabaseStartError } from '../../src/platform/database/start-error.ts'
import { createLog } from '../../src/platform/log.ts'
import {
  forgetUsedDataDir,
  isRemembered,
  makeDirectory,
  query,
  remember,
  serverPid,
  start,
  startProcess,
  urlOf,
  usedDataDir,
} from './fixtures/embedded.ts'

afterAll(forgetUsedDataDir)

const isRoot = process.getuid?.() === 0
const refusal = (dataDir: string) =>
  startEmbeddedPostgres({ dataDir, log: createLog('silent') }).then(
    async (server) => {
      await server.stop()
      return 'it started'
    },
    (error: unknown) => (error instanceof DatabaseStartError ? error.message : `not for an operator: ${String(error)}`),
  )

describe('a new data directory', () => {
  it('gets a durable server in UTF-8 that compares by code point, keeps checksums and listens to no port', async () => {
    const dataDir = path.join(await makeDirectory(), 'data')
    const { url } = await start(dataDir, {})
    const settings = `select current_setting('fsync') fsync, current_setting('synchronous_commit') synchronous_commit, current_setting('data_checksums') data_checksums,
      current_setting('server_encoding') server_encoding, current_setting('listen_addresses') listen_addresses, current_setting('timezone') timezone,
      current_setting('max_connections')::int >= 100 as many, (select datlocprovider::text || datlocale from pg_database where datname = 'gatehouse') as locale`
    expect(await query(url, settings)).toEqual([
      {
        fsync: 'on',
        synchronous_commit: 'on',
        data_checksums: 'on',
        server_encoding: 'UTF8',
        listen_addresses: '',
        timezone: 'UTC',
        many: true,
        locale: 'bC.UTF-8',
      },
    ])
    const sorted = await query(
      url,
      `select string_agg(word, '' order by word) as words from unnest(array['ä', 'b', 'B', '_', 'a', 'A']) word`,
    )
    expect(sorted).toEqual([{ words: 'AB_abä' }])
    // What the application does not need it may not do.
    expect(await query(url, 'select rolsuper, rolcreatedb, rolcreaterole from pg_roles where rolname = current_user')).toEqual([
      { rolsuper: false, rolcreatedb: false, rolcreaterole: false },
    ])
  })

  it('keeps its passwords from others and lets nobody in without one', async () => {
    const dataDir = path.join(await makeDirectory(), 'data')
    const { url, superuserUrl } = await start(dataDir)
    expect((await stat(path.join(dataDir, 'pgpass'))).mode & 0o777).toBe(0o600)
    // As root only the server's own group may pass through, and that without reading.
    expect((await stat(dataDir)).mode & 0o777).toBe(isRoot ? 0o710 : 0o700)
    for (const inner of ['postgres', 'run']) expect((await stat(path.join(dataDir, inner))).mode & 0o777).toBe(0o700)
    for (const good of [url, superuserUrl]) {
      const wrong = new URL(good)
      wrong.password = 'wrong'
      await expect(query(wrong.toString(), 'select 1')).rejects.toMatchObject({ code: '28P01' })
    }
    expect(await query(superuserUrl, `select distinct auth_method from pg_hba_file_rules`)).toEqual([{ auth_method: 'scram-sha-256' }])
  })
})

it('what was committed is there after a stop and a start, under the same address', async () => {
  const dataDir = await usedDataDir()
  const first = await startEmbeddedPostgres({ dataDir, log: createLog('silent') })
  await remember(first.url)
  await first.stop()
  const second = await start(dataDir)
  expect(second.url).toBe(first.url)
  expect(await isRemembered(second.url)).toBe(true)
})

it('graphile-worker and the adapter of Prisma can use the address', async () => {
  const { url } = await start(await usedDataDir())
  const utils = await makeWorkerUtils({ connectionString: url })
  await utils.migrate()
  await utils.addJob('nothing', {})
  await utils.release()
  const adapter = await new PrismaPg(url).connect()
  const { rows } = await adapter.queryRaw({ sql: 'select count(*)::int from graphile_worker.jobs', args: [], argTypes: [] })
  expect(rows).toEqual([[1]])
  await adapter.dispose()
})

it.each([
  ['spaces, quotes, commas and percents', `a b's "c", d%20`],
  ['more characters than a socket may have', 'long'.repeat(30)],
])('a data directory may have %s in its path', async (_what, name) => {
  const dataDir = path.join(await makeDirectory(), name)
  onTestFinished(() => rm(runDirOf(dataDir), { recursive: true, force: true }))
  const { url } = await start(dataDir)
  expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
  expect(await joinEmbeddedPostgres({ dataDir })).toEqual({ url })
})

describe('two starts on one data directory', () => {
  it('the second one names the first, ends, and does it no harm', async () => {
    const dataDir = await usedDataDir()
    const child = await startProcess(dataDir)
    await remember(urlOf(child))
    const pid = await serverPid(dataDir)
    expect(await refusal(dataDir)).toContain(`(process ${child.pid}) already runs on the data directory ${dataDir}`)
    expect(await serverPid(dataDir)).toBe(pid)
    expect(await isRemembered(urlOf(child))).toBe(true)
  })

  it('of several at once on a new directory exactly one stays', async () => {
    const dataDir = path.join(await makeDirectory(), 'data')
    const log = createLog('silent')
    const settings = { fsync: 'off' }
    const starts = await Promise.allSettled([1, 2, 3].map(() => startEmbeddedPostgres({ dataDir, log, settings })))
    const servers = starts.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    expect(servers).toHaveLength(1)
    for (const { url } of servers) expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
    for (const server of servers) await server.stop()
  }, 60_000)

  it('a stopped server frees the directory', async () => {
    const dataDir = await usedDataDir()
    await (await start(dataDir)).stop()
    expect(await refusal(dataDir)).toBe('it started')
  })
})

describe('joining', () => {
  it('another process gets the address of the running server', async () => {
    const dataDir = await usedDataDir()
    const child = await startProcess(dataDir)
    expect(await joinEmbeddedPostgres({ dataDir })).toEqual({ url: urlOf(child) })
  })

  it('a server that is just starting is waited for', async () => {
    const dataDir = await usedDataDir()
    const starting = start(dataDir)
    await vi.waitUntil(() => isDataDirectoryLocked(runDirOf(dataDir)), { timeout: 10_000, interval: 2 })
    expect(await joinEmbeddedPostgres({ dataDir })).toEqual({ url: (await starting).url })
  })

  it.each([
    ['was never started', async () => path.join(await makeDirectory(), 'data')],
    ['has stopped', usedDataDir],
  ])('without a server, where one %s, it says so and starts none', async (_what, directory) => {
    const dataDir = await directory()
    const before = await readdir(path.dirname(dataDir), { recursive: true })
    await expect(joinEmbeddedPostgres({ dataDir })).rejects.toThrow(`No embedded PostgreSQL runs on the data directory ${dataDir}`)
    expect(await readdir(path.dirname(dataDir), { recursive: true })).toEqual(before)
  })
})

it('lost passwords are replaced, and nothing else is lost', async () => {
  const dataDir = await usedDataDir()
  const first = await start(dataDir)
  await remember(first.url)
  await first.stop()
  await rm(path.join(dataDir, 'pgpass'))
  const second = await start(dataDir)
  expect(second.url).not.toBe(first.url)
  expect(await isRemembered(second.url)).toBe(true)
})

describe('a start that cannot go on says what is wrong and how to mend it, in one message', () => {
  it.each<[string, (directory: string) => Promise<string>, RegExp]>([
    [
      'a file in place of the data directory',
      async (directory) => {
        await writeFile(path.join(directory, 'file'), '')
        return path.join(directory, 'file')
      },
      /there is a file in its place: set GATEHOUSE_DATA_DIR/,
    ],
    [
      'a file above the data directory',
      async (directory) => {
        await writeFile(path.join(directory, 'file'), '')
        return path.join(directory, 'file', 'data')
      },
      /cannot be used: .*set GATEHOUSE_DATA_DIR/,
    ],
    [
      'another version',
      async () => {
        const dataDir = await usedDataDir()
        await writeFile(path.join(dataDir, 'postgres', 'PG_VERSION'), '17\n')
        return dataDir
      },
      /was made by PostgreSQL 17, but PostgreSQL 18 is installed here: dump it/,
    ],
    [
      'something else in the place of the cluster',
      async (directory) => {
        await mkdir(path.join(directory, 'postgres'))
        await writeFile(path.join(directory, 'postgres', 'letters.txt'), '')
        return directory
      },
      /holds something that is not a PostgreSQL cluster: move it away/,
    ],
    [
      'a damaged cluster',
      async () => {
        const dataDir = await usedDataDir()
        await rm(path.join(dataDir, 'postgres', 'global', 'pg_control'))
        return dataDir
      },
      /could not start: PostgreSQL says: .*pg_control/,
    ],
  ])('%s', async (_what, prepare, expected) => {
    const message = await refusal(await prepare(await makeDirectory()))
    expect(message).toMatch(expected)
    expect(message).not.toMatch(/\n\s+at |not for an operator/)
  })

  it('a damaged cluster is never replaced by a new one', async () => {
    const dataDir = await usedDataDir()
    await rm(path.join(dataDir, 'postgres', 'global', 'pg_control'))
    await refusal(dataDir)
    expect(await readdir(path.join(dataDir, 'postgres', 'base'))).not.toEqual([])
  })

  it.each([
    ['ENOSPC', 'the disk is full'],
    ['EACCES', 'permission is denied'],
    ['EROFS', 'the file system is read-only'],
  ])('%s of the operating system', (code, expected) => {
    const error = asStartError(Object.assign(new Error('raw'), { code, path: '/data/pgpass' }), '/data')
    expect(error).toBeInstanceOf(DatabaseStartError)
    expect(String(error)).toContain(expected)
  })

  it('an error that is nobody’s fault but the program’s stays as it is', () => {
    const error = new TypeError('x is undefined')
    expect(asStartError(error, '/data')).toBe(error)
  })

  it.each([
    ['FATAL:  could not write lock file "postmaster.pid": No space left on device', 'the disk is full'],
    ['FATAL:  could not extend file "base/1/2691": wrote only 4096 of 8192 bytes at block 10', 'the disk is full'],
    ['FATAL:  could not create any Unix-domain sockets', 'on a local disk'],
    ['initdb: error while loading shared libraries: libicuuc.so.60: cannot open shared object file', 'npm rebuild'],
    ['', 'ended without a word'],
  ])('PostgreSQL saying "%s"', (output, expected) => {
    expect(explainFailure(output)).toContain(expected)
  })

  it.each(['win32', 'freebsd'])('%s as the system', (platform) => {
    expect(() => findBinaries(platform, 'x64')).toThrow(`not on ${platform}: set DATABASE_URL`)
  })

  it('a processor without binaries', () => {
    expect(() => findBinaries('linux', 'riscv64')).toThrow('@embedded-postgres/linux-riscv64 is not installed')
  })
})

describe.runIf(isRoot)('as root', () => {
  it('the server runs as somebody else, who owns its files', async () => {
    const dataDir = await usedDataDir()
    await start(dataDir)
    const { uid } = await stat(path.join(dataDir, 'postgres'))
    expect(uid).toBeGreaterThan(0)
    expect(await readFile(`/proc/${await serverPid(dataDir)}/status`, 'utf8')).toMatch(
      new RegExp(`^Uid:\\s+${uid}\\s+${uid}\\s+${uid}\\s+${uid}$`, 'm'),
    )
  })

  it('a directory of root’s own on the way is opened for passing through, and for nothing else', async () => {
    const directory = await makeDirectory()
    await start(path.join(directory, 'data'))
    expect((await stat(directory)).mode & 0o777).toBe(0o710)
  })

  it('a directory of somebody else’s on the way is left alone, and named', async () => {
    const directory = await makeDirectory()
    await chown(directory, 65534, 65534)
    await chmod(directory, 0o700)
    expect(await refusal(path.join(directory, 'data'))).toMatch(new RegExp(`who cannot enter ${directory} on the way .*: let others pass`))
    expect((await stat(directory)).mode & 0o777).toBe(0o700)
  })
})
