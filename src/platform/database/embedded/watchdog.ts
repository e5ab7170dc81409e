import { spawn } from 'node:child_process'
import type { Account } from './account.ts'

// Reads the server's process id whenever it changes. At the end of the input (this process has gone, however it went) it asks the server
// to end; after half a minute it insists, which costs the next start a recovery.
const script = `
pid=
while read -r line; do pid=$line; done
[ -n "$pid" ] || exit 0
kill -INT "$pid" || exit 0
left=30
while kill -0 "$pid"; do
  left=$((left - 1))
  [ "$left" -gt 0 ] || { kill -QUIT "$pid"; exit 0; }
  sleep 1
done
`

export interface Watchdog {
  /** From now on this process ends with the present one; undefined: none does. */
  watch(pid: number | undefined): void
  /** Lets the watchdog go without a kill. */
  dismiss(): void
}

/** A shell that outlives this process for as long as it takes to stop the server: a killed process cannot do so itself. */
export function startWatchdog(account: Account | undefined): Watchdog {
  const child = spawn('/bin/sh', ['-c', script, 'gatehouse-watchdog'], {
    ...account,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['pipe', 'ignore', 'ignore'],
    // A session of its own: an interrupt of the terminal, or the kill of this process's group, must not take the watchdog as well.
    detached: true,
  })
  child.unref()
  child.on('error', () => undefined)
  // Once killed itself it cannot be told anything; the next start then stops the server.
  child.stdin.on('error', () => undefined)
  return {
    watch: (pid) => void child.stdin.write(`${pid ?? ''}\n`),
    dismiss: () => void child.stdin.end('\n'),
  }
}
