import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A part did not build; the message says all there is to say. */
export class BuildError extends Error {}

export const projectPath = (...path) => join(dirname(dirname(fileURLToPath(import.meta.url))), ...path)

/**
 * Builds those parts (default: all) whose inputs changed since they were built last, by content. Prints a line for each part
 * that it builds and none for the rest. Outputs are replaced only by a build that succeeded.
 */
export async function buildStale(names = []) {
  const unknown = names.find((name) => !(name in parts))
  if (unknown) throw new BuildError(`There is no part "${unknown}"; there are ${Object.keys(parts).join(', ')}.`)
  const wanted = (name) => names.length === 0 || names.includes(name)
  // The server's code is compiled from the generated client too; the page is apart from both.
  const code = async () => {
    if (wanted('client')) await buildIfStale('client')
    if (wanted('server')) await buildIfStale('server')
  }
  const results = await Promise.allSettled([code(), wanted('page') && buildIfStale('page')])
  const failed = results.find(({ status }) => status === 'rejected')
  if (failed) throw failed.reason
}

const parts = {
  client: {
    does: 'Generating the database client',
    inputs: ['prisma/schema.prisma', 'prisma.config.ts'],
    output: 'src/generated/prisma/client.ts',
    run: () => runTool('prisma', ['generate']),
  },
  server: {
    does: 'Compiling the server',
    inputs: ['src', 'tsconfig.json', 'tsconfig.build.json'],
    output: 'dist/generated/prisma/client.js',
    run: compile,
  },
  page: {
    does: 'Building the playground',
    inputs: ['src/playground/page', 'vite.config.ts'],
    output: 'dist/playground/page/index.html',
    run: buildPage,
  },
}

async function buildIfStale(name) {
  const { does, inputs, output, run } = parts[name]
  const stampPath = projectPath('dist', `.stamp-${name}`)
  const stamp = await hashOf(name, [...inputs, 'package-lock.json', 'scripts/stale.mjs'])
  const lastStamp = await readFile(stampPath, 'utf8').catch(() => null)
  if (stamp === lastStamp && existsSync(projectPath(output))) return
  const startedAtMs = Date.now()
  await run()
  await mkdir(dirname(stampPath), { recursive: true })
  await writeFile(stampPath, stamp)
  console.log(`${does}: done in ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s`)
}

/** Compiles src/ to dist/ without checking types, which is npm run check's, and removes what has no source any more. */
async function compile() {
  const output = await runTool('typescript', ['-p', 'tsconfig.build.json', '--noEmitOnError', '--listEmittedFiles'], 'tsc')
  const emitted = new Set([...output.matchAll(emittedFile)].map(([, path]) => path.split('/').join(sep)))
  for (const file of await filesBelow(projectPath('dist'))) {
    if (!isPage(file, 'dist') && /\.js(\.map)?$/.test(file) && !emitted.has(file)) await rm(file)
  }
}

const emittedFile = /^TSFILE: (.+?)\r?\n/gm

/** Builds beside the page in use and then changes places, so that a server never finds half a page. */
async function buildPage() {
  const page = projectPath('dist/playground/page')
  const fresh = `${page}-fresh-${process.pid}`
  const old = `${page}-old-${process.pid}`
  await runTool('vite', ['build', '--outDir', fresh])
  if (existsSync(page)) await rename(page, old)
  await rename(fresh, page)
  await rm(old, { recursive: true, force: true })
}

/** Runs a dependency's command with this Node.js and returns its output, which is shown only if it fails. */
function runTool(packageName, args, command = packageName) {
  let script
  try {
    const manifest = createRequire(projectPath('package.json')).resolve(`${packageName}/package.json`)
    const { bin } = createRequire(manifest)(manifest)
    script = join(dirname(manifest), typeof bin === 'string' ? bin : bin[command])
  } catch {
    throw new BuildError(`${packageName} is not installed, and something has to be built. Run: npm ci (with the development dependencies)`)
  }
  return new Promise((resolve, reject) => {
    const env = { ...process.env, CHECKPOINT_DISABLE: '1', NODE_ENV: 'production' }
    const child = spawn(process.execPath, [script, ...args], { cwd: projectPath(), env, stdio: ['ignore', 'pipe', 'pipe'] })
    const chunks = []
    child.stdout.on('data', (chunk) => chunks.push(chunk))
    child.stderr.on('data', (chunk) => chunks.push(chunk))
    child.on('error', reject)
    child.on('close', (code) => {
      const output = Buffer.concat(chunks).toString()
      if (code === 0) resolve(output)
      else reject(new BuildError(`${output.replace(emittedFile, '')}\n${command} failed (exit code ${code}).`))
    })
  })
}

async function hashOf(name, inputs) {
  const hash = createHash('sha256')
  for (const input of inputs) {
    for (const file of await filesBelow(projectPath(input))) {
      // The page's sources are no part of the server, whose folder they lie in.
      if (name === 'server' && isPage(file, 'src')) continue
      hash
        .update(`${relative(projectPath(), file)}\0`)
        .update(await readFile(file))
        .update('\0')
    }
  }
  return hash.digest('hex')
}

/** Whether it belongs to the page in that folder: playground/page/, and page-fresh-…/ and page-old-…/ while they change places. */
function isPage(file, folder) {
  return /^playground[\\/]page(-\w+-\d+)?[\\/]/.test(relative(projectPath(folder), file))
}

/** A file itself, or all files of a folder and below, sorted. */
async function filesBelow(path) {
  if (!existsSync(path)) return []
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => null)
  if (!entries) return [path]
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort()
}
