import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import type { SchemaEngine } from '@prisma/schema-engine-wasm/schema_engine_bg'

/** The part of it used here: the compiler's library for Node has no WebAssembly, only that for browsers. */
const { WebAssembly: webAssembly } = globalThis as unknown as {
  WebAssembly: { instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: Record<string, unknown> } }> }
}

let loading: Promise<typeof SchemaEngine> | undefined

/** Prisma's schema engine as it comes from npm. `adapter` is how it reaches the database; comparing data models needs none. */
export async function openSchemaEngine(adapter: SqlMigrationAwareDriverAdapterFactory): Promise<SchemaEngine> {
  loading ??= loadSchemaEngine()
  const Engine = await loading
  return Engine.new({ datamodels: undefined }, () => undefined, bindMigrationAwareSqlAdapterFactory(adapter))
}

/** The package's own entry imports the WebAssembly as a module, which Node does only behind a flag: it is put together by hand. */
async function loadSchemaEngine(): Promise<typeof SchemaEngine> {
  const bindings = await import('@prisma/schema-engine-wasm/schema_engine_bg')
  const entry = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const bytes = await readFile(path.join(path.dirname(entry), 'schema_engine_bg.wasm'))
  const imports = { './schema_engine_bg.js': { ...bindings, ...unheldTimers(bindings) } }
  const { exports } = (await webAssembly.instantiate(bytes, imports)).instance
  bindings.__wbg_set_wasm(exports)
  const { __wbindgen_start: start } = exports
  if (typeof start === 'function') start()
  return bindings.SchemaEngine
}

/** The engine starts a timer of 10 s for a lock and forgets it: the process would wait for it at its end. */
function unheldTimers(bindings: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(bindings)
      .filter(([name]) => name.startsWith('__wbg_setTimeout_'))
      .map(([name, start]: [string, (...args: unknown[]) => NodeJS.Timeout]) => [name, (...args: unknown[]) => start(...args).unref()]),
  )
}
