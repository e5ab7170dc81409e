// Imported before anything else, in syntax that an old Node.js can still read: the same range as `engines` in package.json.
import { existsSync } from 'node:fs'

const [major, minor] = process.versions.node.split('.').map(Number)
const isSupported = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24

if (!isSupported) {
  console.error(
    `Gatehouse needs Node.js 20.19, 22.12 or 24 and later, and this is ${process.versions.node}. 24 is recommended: https://nodejs.org`,
  )
  process.exit(1)
}
if (!existsSync(new URL('../node_modules', import.meta.url))) {
  console.error('The dependencies are not installed yet. Run: npm ci')
  process.exit(1)
}
