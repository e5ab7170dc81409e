// Imports point down: schema -> resolver -> service -> lifecycle | loader -> platform.
/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    {
      name: 'platform-knows-no-domain',
      severity: 'error',
      from: { path: '^src/platform/' },
      to: { path: '^src/(?!platform/|generated/)' },
    },
    {
      name: 'lifecycle-is-pure',
      comment: 'A lifecycle module holds states and rules; it imports types only.',
      severity: 'error',
      from: { path: '\\.lifecycle\\.ts$' },
      to: { dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'loaders-know-no-use-case',
      severity: 'error',
      from: { path: '\\.loader\\.ts$' },
      to: { path: '\\.(service|resolver|mutations|job)\\.ts$' },
    },
    {
      name: 'use-cases-know-no-resolver',
      severity: 'error',
      from: { path: '\\.(service|job)\\.ts$' },
      to: { path: '\\.(resolver|mutations)\\.ts$' },
    },
    {
      name: 'aws-knows-no-database',
      severity: 'error',
      from: { path: '^src/aws/' },
      to: { path: '^src/(platform/database|generated|component|integration)' },
    },
    { name: 'product-stands-alone', severity: 'error', from: { path: '^src/' }, to: { path: '^(test|emulator|bench|examples|scripts)/' } },
    { name: 'emulator-stands-alone', severity: 'error', from: { path: '^emulator/' }, to: { path: '^(src|test|bench|examples)/' } },
    { name: 'examples-use-the-api-only', severity: 'error', from: { path: '^examples/' }, to: { path: '^(src|test|emulator)/' } },
    {
      name: 'no-dev-dependency-in-the-product',
      severity: 'error',
      from: { path: '^src/(?!playground/page)' },
      to: { dependencyTypes: ['npm-dev'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^src/generated/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
