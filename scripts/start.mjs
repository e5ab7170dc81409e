// npm start, and with an argument one of the other entries: builds what is stale, then becomes that entry. It is imported
// and no child process, so that signals reach it directly.
import './require-node.mjs'
import { pathToFileURL } from 'node:url'
import { BuildError, buildStale, projectPath } from './stale.mjs'

// Node 20 is supported here with the releases of the AWS SDK that the lock file pins; its warning about the next ones is not for operators.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'

const entries = {
  server: ['client', 'server', 'page'],
  worker: ['client', 'server'],
  migrate: ['client', 'server'],
  'rotate-keys': ['client', 'server'],
}

const [first, ...others] = process.argv.slice(2)
const isNamed = first !== undefined && !first.startsWith('-')
const name = isNamed ? first : 'server'
const rest = isNamed ? others : process.argv.slice(2)
const parts = entries[name]
if (!parts) {
  console.error(`There is no "${name}" to start; there are ${Object.keys(entries).join(', ')}.`)
  process.exit(2)
}

try {
  await buildStale(parts)
} catch (error) {
  if (!(error instanceof BuildError)) throw error
  console.error(error.message)
  process.exit(1)
}

const entry = projectPath(`dist/${name}.js`)
// The entry sees the arguments as if it had been started itself.
process.argv = [process.execPath, entry, ...rest]
await import(pathToFileURL(entry).href)
