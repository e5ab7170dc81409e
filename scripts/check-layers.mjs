// Holds the imports against .dependency-cruiser.cjs. A cruise that saw next to nothing (a parser that no longer reads TypeScript) is no pass.
import { cruise } from 'dependency-cruiser'
import extractConfig from 'dependency-cruiser/config-utl/extract-depcruise-config'
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config'

const config = await extractConfig('./.dependency-cruiser.cjs')
const { output } = await cruise(
  ['src', 'emulator', 'examples'],
  { ...config.options, ruleSet: { forbidden: config.forbidden }, validate: true },
  undefined,
  { tsConfig: extractTsConfig('tsconfig.json') },
)
const { totalCruised, violations } = output.summary
for (const { rule, from, to } of violations) console.error(`${rule.name}: ${from} -> ${to}`)
if (totalCruised < 100) console.error(`only ${totalCruised} modules were seen`)
process.exit(violations.length > 0 || totalCruised < 100 ? 1 : 0)
