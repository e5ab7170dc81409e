/** A stand-in for the `aws` command on the PATH of a recipe's shell: it keeps what it is called with and answers as told. */
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Created } from './recipe-documents.ts'
import { ACCOUNT } from './setups.ts'

export interface Answers {
  /** What `sts get-caller-identity` says; the recipes' own account by default. */
  account?: string
  /** AWS's error text by the IAM command that gets it. */
  errors?: Record<string, string>
  /** As the AWS CLI was before thumbprints became optional. */
  insistsOnThumbprintOption?: boolean
}

export interface Run {
  exitCode: number
  stdout: string
  stderr: string
  /** The arguments of each call, in order. */
  calls: string[][]
}

export async function runScript(
  script: string,
  { account = ACCOUNT, errors = {}, insistsOnThumbprintOption = false }: Answers = {},
): Promise<Run> {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-recipe-'))
  try {
    await writeFile(join(directory, 'aws'), FAKE)
    await chmod(join(directory, 'aws'), 0o755)
    await writeFile(join(directory, 'calls'), '')
    await writeFile(join(directory, 'account'), account)
    for (const [command, error] of Object.entries(errors)) await writeFile(join(directory, `${command}.error`), error)
    if (insistsOnThumbprintOption) await writeFile(join(directory, 'insists'), '')
    const run = await runShell(script, { ...process.env, PATH: `${directory}:${process.env.PATH}`, FAKE_AWS: directory })
    const calls = (await readFile(join(directory, 'calls'), 'utf8')).split(END_OF_CALL).slice(0, -1)
    return { ...run, calls: calls.map((call) => call.split('\0').slice(0, -1)) }
  } finally {
    await rm(directory, { recursive: true })
  }
}

export function runShell(script: string, env: NodeJS.ProcessEnv): Promise<Omit<Run, 'calls'>> {
  return new Promise((resolve) => {
    const child = execFile('sh', { env, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr })
    })
    child.stdin?.end(script)
  })
}

/** The value after an option, in the one call of that IAM command. */
export function optionOf(call: string[] | undefined, option: string): string {
  return call?.[call.indexOf(option) + 1] ?? ''
}

/** What the calls leave behind in the account. */
export function createdByCalls(calls: string[][]): Created {
  const role = calls.find(([, command]) => command === 'create-role')
  const policies = calls.filter(([, command]) => command === 'put-role-policy')
  return {
    trustPolicy: optionOf(role, '--assume-role-policy-document'),
    policies: Object.fromEntries(policies.map((call) => [optionOf(call, '--policy-name'), optionOf(call, '--policy-document')])),
  }
}

const END_OF_CALL = '\u0001\0'

const FAKE = `#!/bin/sh
for argument in "$@"; do printf '%s\\0' "$argument"; done >>"$FAKE_AWS/calls"
printf '\\001\\0' >>"$FAKE_AWS/calls"
for last in "$@"; do :; done
if [ "$2" = create-open-id-connect-provider ] && [ -f "$FAKE_AWS/insists" ] && [ "$last" != --thumbprint-list ]; then
  echo 'aws: error: the following arguments are required: --thumbprint-list' >&2
  exit 252
fi
if [ -f "$FAKE_AWS/$2.error" ]; then
  cat "$FAKE_AWS/$2.error" >&2
  exit 254
fi
case $2 in
  get-caller-identity) cat "$FAKE_AWS/account" ;;
  create-*) echo '{"Created": true}' ;;
esac
`
