// npm run check: everything but the tests. Every part runs, whatever the others say.
import './require-node.mjs'
import { spawnSync } from 'node:child_process'

const parts = [
  ['types', ['npx', 'tsc', '--noEmit']],
  ['types of the page', ['npx', 'tsc', '--noEmit', '-p', 'src/playground/page']],
  ['lint and format', ['npx', 'biome', 'check', '--error-on-warnings', '.']],
  ['layers', ['node', 'scripts/check-layers.mjs']],
  ['schema in step', ['npx', 'tsx', 'scripts/emit-schema.ts', '--check']],
  ['catalogue in step', ['npx', 'tsx', 'scripts/emit-catalogue-schema.ts', '--check']],
  ['operations in step', ['npx', 'tsx', 'scripts/generate-operations.ts', '--check']],
  ['migrations in step', ['npx', 'tsx', 'scripts/check-migrations.ts']],
  ['README in step', ['npx', 'tsx', 'scripts/write-readme.ts', '--check']],
]

const failed = parts.filter(([name, [command, ...args]]) => {
  const started = performance.now()
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`)
  if (status !== 0) console.log(`${stdout}${stderr}`.replaceAll(/^(?=.)/gm, '     '))
  return status !== 0
})
if (failed.length > 0) {
  console.log(`\n${failed.length} of ${parts.length} checks failed.`)
  process.exit(1)
}
