import { useEffect, useState } from 'react'
import type { Viewer } from './viewer.ts'

const minuteMs = 60_000

/** The key in use, by its public prefix and name, and when it ends. */
export function KeyState({ viewer: { kind, apiKey, scopes } }: { viewer: Viewer }) {
  const nowMs = useNow(minuteMs / 2)
  const title = `Scopes: ${scopes.join(', ')}`
  if (!apiKey)
    return (
      <span className="key-state" title={title}>
        {kind === 'USER' ? 'Access token' : 'Platform administrator'}
      </span>
    )
  const endsAtMs = apiKey.expiresAt === null ? null : Date.parse(apiKey.expiresAt)
  return (
    <span className="key-state" title={title}>
      <code title={apiKey.prefix}>{shortened(apiKey.prefix)}…</code>
      <span className="key-name">{apiKey.name}</span>
      {endsAtMs !== null && (
        <time
          dateTime={new Date(endsAtMs).toISOString()}
          title={new Date(endsAtMs).toLocaleString()}
          className={endsAtMs - nowMs < 60 * minuteMs ? 'soon' : ''}
        >
          {endsAtMs > nowMs ? `ends ${relative(endsAtMs - nowMs)}` : 'ended'}
        </time>
      )}
    </span>
  )
}

/** Its end tells keys apart, its beginning what it is. */
function shortened(prefix: string): string {
  return prefix.length <= 20 ? prefix : `${prefix.slice(0, 7)}…${prefix.slice(-9)}`
}

function relative(leftMs: number): string {
  const format = new Intl.RelativeTimeFormat('en', { numeric: 'always' })
  const minutes = Math.round(leftMs / minuteMs)
  if (minutes < 100) return format.format(Math.max(1, minutes), 'minute')
  const hours = Math.round(minutes / 60)
  return hours < 72 ? format.format(hours, 'hour') : format.format(Math.round(hours / 24), 'day')
}

function useNow(everyMs: number): number {
  const [nowMs, setNowMs] = useState(() => Date.now())
  useEffect(() => {
    const timer = window.setInterval(() => setNowMs(Date.now()), everyMs)
    return () => window.clearInterval(timer)
  }, [everyMs])
  return nowMs
}
