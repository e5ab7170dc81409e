import { parseArgs } from 'node:util'
import { createAwsEmulator } from './emulator.ts'
import type { RecordedRequest } from './requests.ts'

const usage = `npm run aws:emulator -- [--host 127.0.0.1] [--port 4566] [--quiet]

  --host   where to listen; calls are not authenticated beyond their key id, so leave it on loopback
  --port   default 4566, 0 for a free one
  --quiet  print the address only, no introduction and no line for each call`

const { host, port, isQuiet } = readOptions()
const emulator = createAwsEmulator({ onRequest: isQuiet ? undefined : printRequest })
process.once('SIGINT', stop)
process.once('SIGTERM', stop)
try {
  const url = await emulator.listen(port, host)
  process.stdout.write(isQuiet ? `${url}\n` : introduction(url))
} catch (error) {
  const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
  fail(isTaken ? `Port ${port} on ${host} is taken. Choose another with --port.` : String(error), 1)
}

function introduction(url: string): string {
  const aws = `aws --endpoint-url ${url} --region us-east-1`
  return `
An AWS stand-in is listening on ${url}
Everything is in memory and gone when it stops (Ctrl-C).

In the shell that starts Gatehouse, and wherever an AWS SDK is used:

  export AWS_ENDPOINT_URL=${url}

In the shell where you play the customer, as administrator of account 123456789012:

  export AWS_ACCESS_KEY_ID=AKIA123456789012
  export AWS_SECRET_ACCESS_KEY=anything
  ${aws} sts get-caller-identity
  ${aws} iam create-account-alias --account-alias my-first-account

Without the AWS CLI:

  curl --aws-sigv4 aws:amz:us-east-1:sts --user AKIA123456789012:anything \\
    --data 'Action=GetCallerIdentity&Version=2011-06-15' ${url}

AKIA and any 12 digits is the administrator of that account; with --region us-gov-west-1 at first it lies in aws-us-gov.

  curl ${url}/_emulator/state       what there is
  curl ${url}/_emulator/requests    what was called
  curl --data '{"kind":"throttle","service":"iam","times":3}' ${url}/_emulator/faults

`
}

function printRequest({ atMs, service, operation, accountId, outcome }: RecordedRequest): void {
  process.stdout.write(`${new Date(atMs).toISOString().slice(11, 19)}  ${accountId.padEnd(12)}  ${service} ${operation}  ${outcome}\n`)
}

function readOptions(): { host: string; port: number; isQuiet: boolean } {
  const options = {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '4566' },
    quiet: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  } as const
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>['values']
  try {
    values = parseArgs({ options }).values
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`, 2)
  }
  if (values.help) {
    process.stdout.write(`${usage}\n`)
    process.exit(0)
  }
  const port = Number(values.port)
  if (!/^\d{1,5}$/.test(values.port) || port > 65_535) return fail(`--port is a number from 0 to 65535.\n\n${usage}`, 2)
  return { host: values.host, port, isQuiet: values.quiet }
}

function stop(): void {
  void emulator.close()
}

function fail(message: string, exitCode: number): never {
  process.stderr.write(`${message}\n`)
  process.exit(exitCode)
}
