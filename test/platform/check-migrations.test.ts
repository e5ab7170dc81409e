import { expect, inject, it } from 'vitest'
import { checkMigrations } from '../../scripts/check-migrations.ts'
import { diffSchemas } from '../../scripts/migration.ts'

const model = (fields: string) => `
datasource db {
  provider = "postgresql"
}
enum Colour {
  RED
  GREEN
}
model Thing {
  id             String @id
  organizationId String
${fields}
  @@unique([organizationId, id])
}`
const schema = model('name String\ncolour Colour @default(RED)\nsize Int?\n@@index([organizationId, name])')

/** What is wrong after a migration by hand on top of the right one. */
async function problemsAfter(byHand: string, wanted = schema): Promise<string[]> {
  const script = await diffSchemas(undefined, schema)
  return checkMigrations(inject('databaseServer').url, {
    schema: wanted,
    snapshot: wanted,
    migrations: [{ name: '20260101000000_init', script: `${script}\n${byHand}` }],
  })
}

it('migrations written from the data model agree with it', async () => {
  expect(await problemsAfter('')).toEqual([])
})

it.each([
  ['a partial index', 'create unique index only_one on "Thing" ("name") where "colour" = \'RED\';'],
  ['an index over an expression', 'create index lowered on "Thing" (lower("name"));'],
  ['a check', 'alter table "Thing" add constraint positive check ("size" > 0);'],
  ['a function', 'create function one() returns int language sql as $$ select 1; $$;'],
])('%s may be added by hand', async (_what, byHand) => {
  expect(await problemsAfter(byHand)).toEqual([])
})

it.each([
  ['a missing column', 'alter table "Thing" drop column "size";', ['the migrations lack: column Thing.size integer']],
  [
    'a column that may be null',
    'alter table "Thing" alter "name" drop not null;',
    ['the migrations lack: column Thing.name text not null'],
  ],
  [
    'another default',
    'alter table "Thing" alter "colour" drop default;',
    ['the migrations lack: column Thing.colour "Colour" not null default'],
  ],
  ['another type', 'alter table "Thing" alter "size" type bigint;', ['the migrations lack: column Thing.size integer']],
  ['a missing index', 'drop index "Thing_organizationId_name_idx";', ['the migrations lack: CREATE INDEX "Thing_organizationId_name_idx"']],
  ['a further plain index', 'create index more on "Thing" ("size");', ['the migrations make, but the data model lacks: CREATE INDEX more']],
  ['a further value of an enum', `alter type "Colour" add value 'BLUE';`, ['the migrations lack: enum Colour RED, GREEN']],
  ['text in another order', 'alter table "Thing" alter "name" type text collate "default";', ['column Thing.name is not COLLATE "C"']],
  [
    'a table without a tenant',
    'create table other (id int);',
    ['the migrations make, but the data model lacks: table other', 'table other has no organizationId'],
  ],
  [
    'a tenant that may be null',
    'alter table "Thing" alter "organizationId" drop not null;',
    ['the migrations lack: column Thing.organizationId text not null', 'table Thing has no organizationId'],
  ],
])('%s is found', async (_what, byHand, expected) => {
  const problems = await problemsAfter(byHand)
  for (const problem of expected) expect(problems.join('\n')).toContain(problem)
})

it('a data model that has changed since the last migration is found', async () => {
  const problems = await checkMigrations(inject('databaseServer').url, {
    schema: model('name String'),
    snapshot: schema,
    migrations: [{ name: '20260101000000_init', script: await diffSchemas(undefined, schema) }],
  })
  expect(problems[0]).toContain('schema.snapshot is not prisma/schema.prisma')
})

it('the next migration is only what has changed, with text ordered by code point', async () => {
  expect(await diffSchemas(schema, schema)).toBe('')
  const next = await diffSchemas(
    schema,
    model('name String\ncolour Colour @default(RED)\nsize Int?\nnote String?\ntags String[]\n@@index([organizationId, name])'),
  )
  expect(next).toBe(`-- AlterTable
ALTER TABLE "Thing" ADD COLUMN     "note" TEXT COLLATE "C",
ADD COLUMN     "tags" TEXT[] COLLATE "C";
`)
})
