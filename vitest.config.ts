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
    // Loading the server takes as long as many a file's tests: the files of a worker share it. Databases, ports and spies are a file's own.
    isolate: false,
    // Half of the tests wait: for servers that start, for time-outs, for leases.
    maxWorkers: 3,
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
})
