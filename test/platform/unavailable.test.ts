import { DriverAdapterError } from '@prisma/driver-adapter-utils'
import { describe, expect, it } from 'vitest'
import { Prisma } from '../../src/generated/prisma/client.ts'
import { isUnavailable, isWriteConflict } from '../../src/platform/database/unavailable.ts'

const withFields = (fields: object) => Object.assign(new Error('raw'), fields)
const sqlState = (code: string) => withFields({ code, severity: 'ERROR' })
const prismaError = (code: string, cause?: ConstructorParameters<typeof DriverAdapterError>[0]) =>
  new Prisma.PrismaClientKnownRequestError('Invalid invocation', {
    code,
    clientVersion: '7',
    meta: cause ? { driverAdapterError: new DriverAdapterError(cause) } : {},
  })
const postgresCause = (code: string) =>
  ({
    kind: 'postgres',
    originalCode: code,
    code,
    severity: 'ERROR',
    message: 'raw',
    detail: undefined,
    column: undefined,
    hint: undefined,
  }) as const

const unavailable: [name: string, error: unknown][] = [
  ['connection refused', withFields({ code: 'ECONNREFUSED', syscall: 'connect' })],
  ['connection refused on every address', new AggregateError([withFields({ code: 'ECONNREFUSED' })])],
  ['a Unix socket that is not there', withFields({ code: 'ENOENT', syscall: 'connect' })],
  ['connection reset', withFields({ code: 'ECONNRESET' })],
  ['name not resolved', withFields({ code: 'ENOTFOUND' })],
  ['no free connection of the pool', new Error('timeout exceeded when trying to connect')],
  ['no answer to the connection', new Error('Connection terminated due to connection timeout')],
  ['no answer to a statement', new Error('Query read timeout')],
  ['cut off', new Error('Connection terminated unexpectedly')],
  ['a connection that broke before', new Error('Client has encountered a connection error and is not queryable')],
  ...['08006', '53100', '53300', '57014', '57P01', '57P02', '57P03'].map((code): [string, unknown] => [`SQLSTATE ${code}`, sqlState(code)]),
  ['a cause two levels down', new Error('outer', { cause: new Error('middle', { cause: sqlState('57P01') }) })],
  ...['P1001', 'P1017', 'P2024'].map((code): [string, unknown] => [`Prisma's ${code}`, prismaError(code)]),
  ['Prisma with the driver not reaching the server', prismaError('P2010', { kind: 'DatabaseNotReachable', host: 'localhost', port: 5432 })],
  ['Prisma with the server shutting down', prismaError('P2010', postgresCause('57P01'))],
]

const lasting: [name: string, error: unknown][] = [
  ...['23505', '42P01', '22P02', '40001', '25P02', '42501'].map((code): [string, unknown] => [`SQLSTATE ${code}`, sqlState(code)]),
  ['a unique constraint in Prisma', prismaError('P2002', { kind: 'UniqueConstraintViolation', constraint: { fields: ['slug'] } })],
  ['wrong SQL in Prisma', prismaError('P2010', postgresCause('42601'))],
  ['a file that is not there', withFields({ code: 'ENOENT', syscall: 'open' })],
  ['a programming error', new TypeError('x is undefined')],
  ['a string', 'timeout exceeded when trying to connect'],
  ['nothing', undefined],
]

describe('unavailable', () => {
  it.each(unavailable)('%s may work later', (_name, error) => expect(isUnavailable(error)).toBe(true))
  it.each(lasting)('%s would fail again', (_name, error) => expect(isUnavailable(error)).toBe(false))
  it('an error that is its own cause is looked at once', () => {
    const error = new Error('round')
    error.cause = error
    expect(isUnavailable(error)).toBe(false)
  })
})

describe('write conflicts', () => {
  it.each<[string, unknown, boolean]>([
    ['a serialization failure', sqlState('40001'), true],
    ['a deadlock', sqlState('40P01'), true],
    ['Prisma’s own code', prismaError('P2034'), true],
    ['a raw statement of Prisma', prismaError('P2010', { kind: 'TransactionWriteConflict', originalCode: '40001' }), true],
    ['a unique constraint', sqlState('23505'), false],
    ['an unreachable server', withFields({ code: 'ECONNREFUSED' }), false],
  ])('%s: %s', (_name, error, expected) => expect(isWriteConflict(error)).toBe(expected))
})
