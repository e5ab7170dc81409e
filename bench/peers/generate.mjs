// The Prisma client and the Pothos types of the product's own schema, which stays where it is.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const here = (file) => fileURLToPath(new URL(file, import.meta.url))
const generators = `generator client {
  provider            = "prisma-client"
  output              = "./client"
  moduleFormat        = "esm"
  importFileExtension = "ts"
}

generator pothos {
  provider          = "prisma-pothos-types"
  clientOutput      = "./client/client.ts"
  output            = "./pothos.ts"
  generateDatamodel = true
}`
const schema = readFileSync(here(process.argv[2] ?? '../../prisma/schema.prisma'), 'utf8')
mkdirSync(here('generated'), { recursive: true })
writeFileSync(here('generated/schema.prisma'), schema.replace(/generator client \{[^}]*\}/, generators))
// Prisma would download an engine for migrations, which this does not need.
const env = {
  PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
  ...process.env,
  PATH: `${here('node_modules/.bin')}${path.delimiter}${process.env.PATH ?? ''}`,
}
const { status, stdout, stderr } = spawnSync(
  process.execPath,
  [here('node_modules/prisma/build/index.js'), 'generate', '--schema', here('generated/schema.prisma')],
  { cwd: here('.'), env, encoding: 'utf8' },
)
if (status !== 0) throw new Error(`the Prisma client of the peers could not be generated:\n${stdout}${stderr}`)
