import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'

export interface ClonedDatabase {
  url: string
  /** Also ends the connections that are still open. */
  drop(): Promise<void>
}

/** A database of the test file's own, with all migrations and no rows. */
export const cloneDatabase = (): Promise<ClonedDatabase> => createDatabase(`template ${inject('databaseServer').template}`)

/** A database without anything in it, for tests of migrations. */
export const createEmptyDatabase = (): Promise<ClonedDatabase> => createDatabase('')

async function createDatabase(options: string): Promise<ClonedDatabase> {
  const name = `gatehouse_test_${process.pid}_${randomBytes(4).toString('hex')}`
  await onServer(`create database ${name} ${options}`)
  const url = new URL(inject('databaseServer').url)
  url.pathname = `/${name}`
  return { url: url.toString(), drop: () => onServer(`drop database if exists ${name} with (force)`) }
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client(inject('databaseServer').url)
  await client.connect()
  await client.query(statement).finally(() => client.end())
}
