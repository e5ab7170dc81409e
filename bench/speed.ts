import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { compareAnswers } from './speed/compare.ts'
import { contenders, type Pin, peersDirectory, peersNode, type RunningContender, startContender } from './speed/contenders.ts'
import { defaultShape } from './speed/data.ts'
import { startDatabase } from './speed/database.ts'
import { type Measurement, measure } from './speed/measure.ts'
import { printReport, type Results, writeReport } from './speed/report.ts'
import { descriptions, type ShapeName, shapeNames } from './speed/shapes.ts'

const sizes = Object.entries(defaultShape) as [keyof typeof defaultShape, number][]
const usage = `npm run bench -- [--seconds 5] [--rounds 3] [--connections 16] [--shapes Q1,Q2] [--only Gatehouse,LIMIT] [--write] [--profile DIR]

Measures Gatehouse against its peers on one database: ${shapeNames.map((name) => `${name} ${descriptions[name]}`).join('; ')}.
The contenders take turns; each is shown by the median of its rounds. The peers are installed in bench/peers the first time.

  --write        puts the result into README.md, docs/speed.md and docs/speed.svg
  --profile DIR  Gatehouse writes a CPU profile there, to be opened with Chrome's DevTools or speedscope
  ${sizes.map(([name, value]) => `--${name} ${value}`).join(' ')}`

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '16' },
    shapes: { type: 'string', default: shapeNames.join(',') },
    only: { type: 'string' },
    profile: { type: 'string' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
    ...Object.fromEntries(sizes.map(([name, value]) => [name, { type: 'string' as const, default: String(value) }])),
  },
})
/** Before anything counts: what is compiled while it runs needs some seconds of work, the more code the longer. */
const warmUpSeconds = 4
const given = new Map<string, unknown>(Object.entries(values))
const [seconds, rounds, connections] = [values.seconds, values.rounds, values.connections].map(Number) as [number, number, number]
const data = Object.fromEntries(sizes.map(([name]) => [name, Number(given.get(name))])) as unknown as typeof defaultShape
const shapes = values.shapes.split(',') as ShapeName[]
const chosen = contenders.filter(({ name }) => !values.only || values.only.split(',').includes(name))
const isSound =
  [seconds, rounds, connections, ...Object.values(data)].every((number) => Number.isInteger(number) && number > 0) &&
  shapes.every((name) => shapeNames.includes(name)) &&
  chosen.length > 0
if (values.help || !isSound) {
  console.error(usage)
  process.exit(2)
}

preparePeers()
console.log(
  `Filling the database: ${Object.entries(data)
    .map(([name, value]) => `${value} ${name}`)
    .join(', ')}`,
)
const database = await startDatabase(data)
const running: RunningContender[] = []
try {
  if (chosen.some(({ name }) => name === 'PostGraphile')) await database.run(path.join(peersDirectory, 'postgraphile.sql'))
  const pin = pinning()
  for (const contender of chosen) {
    const profileDir = contender.name === 'Gatehouse' ? values.profile : undefined
    running.push(await startContender(contender, { node: peersNode, databaseUrl: database.url, pin, profileDir }))
  }
  const answerBytes = await compareAnswers(running, shapes, database, data)
  console.log(`Same answers: ${[...answerBytes].map(([name, bytes]) => `${name} ${(bytes / 1000).toFixed(1)} kB`).join(', ')}`)

  const load = { connections, node: peersNode, pin }
  const results: Results = new Map(shapes.map((name) => [name, new Map(chosen.map((contender) => [contender.name, []]))]))
  for (const shapeName of shapes) {
    for (const contender of running) await measure(contender, shapeName, database, data, { ...load, seconds: warmUpSeconds })
  }
  for (let round = 1; round <= rounds; round++) {
    for (const shapeName of shapes) {
      for (const contender of running) {
        const measured: Measurement = await measure(contender, shapeName, database, data, { ...load, seconds })
        results.get(shapeName)?.get(contender.name)?.push(measured)
        console.log(`round ${round} ${shapeName} ${contender.name.padEnd(24)} ${measured.requestsPerSecond.toFixed(0).padStart(7)} req/s`)
      }
    }
  }
  printReport(results)
  if (values.write) await writeReport(results, { data, connections, seconds, rounds, answerBytes })
} finally {
  for (const { process } of running.reverse()) await process.stop()
  await database.stop()
}

/** Installs the peers' own package where it is not, and generates the Prisma client of one of them. */
function preparePeers(): void {
  const run = (command: string, args: string[]) => {
    const { status } = spawnSync(command, args, { cwd: peersDirectory, stdio: ['ignore', 'ignore', 'inherit'] })
    if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed in ${peersDirectory}`)
  }
  if (!existsSync(peersNode)) {
    console.log('Installing the peers (bench/peers) …')
    run('npm', ['ci', '--loglevel=error'])
  }
  run(process.execPath, ['generate.mjs'])
}

/** Servers on the first core, load on the second, PostgreSQL wherever there is room. */
function pinning(): Pin {
  const { status } = spawnSync('taskset', ['-c', '1', 'true'], { stdio: 'ignore' })
  return status === 0 ? { server: ['taskset', '-c', '0'], load: ['taskset', '-c', '1'] } : { server: [], load: [] }
}
