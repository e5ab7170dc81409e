import { readFileSync, writeFileSync } from 'node:fs'
import { composeServices } from '@theguild/federation-composition'
import { parse } from 'graphql'
import { gatehouseSchema } from '../src/schema.ts'

// Writes schema/subgraph.graphql and schema/supergraph.graphql; with --check says whether they are in step instead.
const { sdl } = gatehouseSchema()
const composed = composeServices([{ name: 'gatehouse', typeDefs: parse(sdl), url: 'http://127.0.0.1:4000/graphql' }])
if (!composed.supergraphSdl) {
  console.error(`The subgraph does not compose:\n${composed.errors?.map(({ message }) => `  ${message}`).join('\n')}`)
  process.exit(1)
}
const files = { 'schema/subgraph.graphql': sdl, 'schema/supergraph.graphql': `${composed.supergraphSdl.trimEnd()}\n` }
const stale = Object.entries(files).filter(([file, text]) => read(file) !== text)
if (process.argv.includes('--check')) {
  if (stale.length > 0) console.error(`${stale.map(([file]) => file).join(' and ')} differ from the code: run npm run schema:emit`)
  process.exit(stale.length > 0 ? 1 : 0)
}
for (const [file, text] of stale) writeFileSync(file, text)
console.log(stale.length > 0 ? `wrote ${stale.map(([file]) => file).join(', ')}` : 'the schema is in step')

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
