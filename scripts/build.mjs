// npm run build [part …]: builds what is stale; parts are client, server and page, without one all three.
import './require-node.mjs'
import { BuildError, buildStale } from './stale.mjs'

try {
  await buildStale(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof BuildError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
