// npm run newcomer [-- --tests 'test/process test/component'] [20.19 22 24]
// What the README promises to someone who has Node and nothing else, with each supported release of Node (taken from npm): a fresh clone of
// HEAD in an empty folder, the first command until a query is answered, then the second. `--tests` names the files the second one runs.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { arch, platform, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const args = process.argv.slice(2)
const at = args.indexOf('--tests')
const tests = at < 0 ? [] : args.splice(at, 2)[1].split(' ')
const versions = args.length > 0 ? args : ['20.19', '22', '24']
const npm = resolve(execFileSync('npm', ['root', '-g'], { encoding: 'utf8' }).trim(), 'npm/bin/npm-cli.js')
const repository = resolve(import.meta.dirname, '..')

for (const version of versions) {
  const folder = mkdtempSync(join(tmpdir(), 'newcomer-'))
  try {
    await meet(version, folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function meet(version, folder) {
  const environment = withNode(version, folder)
  const clone = join(folder, 'gatehouse')
  execFileSync('git', ['clone', '--quiet', repository, clone])
  const run = (...command) =>
    timed(`${version}: npm ${command.join(' ')}`, () =>
      execFileSync(join(folder, 'bin/npm'), command, { cwd: clone, env: environment, stdio: 'pipe' }),
    )

  run('ci')
  const port = await freePort()
  const started = Date.now()
  const server = spawn(join(folder, 'bin/npm'), ['start'], { cwd: clone, env: { ...environment, PORT: String(port) }, detached: true })
  const key = await printedKey(server)
  console.log(`${version}: ready after ${((Date.now() - started) / 1000).toFixed(1)} s of npm start`)
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query: '{ viewer { organizations { nodes { slug } } } }' }),
  })
  const slug = (await response.json()).data?.viewer.organizations.nodes[0]?.slug
  if (slug !== 'demo') throw new Error(`${version}: the printed key does not work`)
  // As Ctrl-C does: npm and all that it started get it.
  process.kill(-server.pid, 'SIGINT')
  await once(server, 'exit')
  await stopped(clone, port)
  run('ci')
  const output = run('test', ...(tests.length > 0 ? ['--', ...tests] : []))
  console.log(
    output
      .toString()
      .split('\n')
      .filter((line) => /Test Files|Tests /.test(line))
      .join('\n'),
  )
}

/** A PATH on which `node` and `npm` are of that release. */
function withNode(version, folder) {
  const tools = join(folder, 'tools')
  mkdirSync(join(folder, 'bin'))
  mkdirSync(tools)
  writeFileSync(join(tools, 'package.json'), '{}')
  execFileSync(process.execPath, [npm, 'install', '--no-audit', '--no-fund', '--silent', `node-${platform()}-${arch()}@${version}`], {
    cwd: tools,
  })
  const node = join(tools, `node_modules/node-${platform()}-${arch()}/bin/node`)
  symlinkSync(node, join(folder, 'bin/node'))
  writeFileSync(join(folder, 'bin/npm'), `#!/bin/sh\nexec "${node}" "${npm}" "$@"\n`, { mode: 0o755 })
  return { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}`, CI: '' }
}

async function printedKey(server) {
  let output = ''
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (chunk) => (output += chunk))
  for (let waited = 0; waited < 60_000; waited += 100) {
    const key = /#key=(\S+)/.exec(output)?.[1]
    if (key) return decodeURIComponent(key)
    if (server.exitCode !== null) break
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`npm start printed no address:\n${output}`)
}

function timed(name, work) {
  const started = Date.now()
  try {
    const result = work()
    console.log(`${name}: ${((Date.now() - started) / 1000).toFixed(1)} s`)
    return result
  } catch (error) {
    console.error(`${name} failed:\n${error.stdout ?? ''}${error.stderr ?? error}`)
    process.exit(1)
  }
}

/** Server and database are gone a few seconds after npm is. */
async function stopped(clone, port) {
  const isLeft = async () =>
    existsSync(join(clone, '.gatehouse/postgres/postmaster.pid')) ||
    (await fetch(`http://127.0.0.1:${port}/livez`).then(
      () => true,
      () => false,
    ))
  for (let waited = 0; await isLeft(); waited += 100) {
    if (waited > 10_000) throw new Error('server or database outlived npm start')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  return port
}
