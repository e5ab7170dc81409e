import { readFileSync, writeFileSync } from 'node:fs'
import { actionsByKind } from '../src/aws/role-setup.ts'

// Writes the parts of README.md that come from the code; with --check says whether they are in step instead.
const parts: Record<string, string> = { actions: actions() }

const readme = readFileSync('README.md', 'utf8')
let written = readme
for (const [name, text] of Object.entries(parts)) {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  if (!written.includes(begin) || !written.includes(end)) throw new Error(`README.md lacks ${begin} … ${end}`)
  written = `${written.slice(0, written.indexOf(begin) + begin.length)}\n${text}\n${written.slice(written.indexOf(end))}`
}
if (process.argv.includes('--check')) {
  if (written !== readme) console.error('README.md differs from the code: run npx tsx scripts/write-readme.ts')
  process.exit(written === readme ? 0 : 1)
}
writeFileSync('README.md', written)

function actions(): string {
  const rows = Object.entries(actionsByKind()).map(([kind, list]) => `| ${kind} | ${list.map((action) => `\`${action}\``).join(' ')} |`)
  return ['| kind | allowed |', '|---|---|', ...rows].join('\n')
}
