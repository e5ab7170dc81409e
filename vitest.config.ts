import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: {
    // The package has a CommonJS and an ES build. Tests and libraries would each load another one, and graphql refuses values of its twin.
    alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }],
  },
  // As the compiler does it: decorators on parameters, and no metadata.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: false } },
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // Half of the tests wait: for servers that start, for time-outs, for leases.
    maxWorkers: 3,
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
})
