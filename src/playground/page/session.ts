import { useCallback, useEffect, useState } from 'react'
import { KeyRefused, ServerGone } from './client.ts'
import { forgetKey, storedKey, storeKey, takeKeyFromAddress } from './key.ts'
import { askViewer, type Viewer } from './viewer.ts'

/** What is wrong with a session that worked before: its key, the way to the server, or a further key that was tried. */
export type Trouble = 'key-refused' | 'server-gone' | 'other-key-refused'

export type Session =
  | { phase: 'no-key' }
  | { phase: 'asking' }
  | { phase: 'refused'; message: string }
  | { phase: 'unavailable'; key: string; message: string }
  | { phase: 'ready'; key: string; viewer: Viewer; trouble: Trouble | null }

export interface SessionActions {
  /** Tries a key and keeps it once the server knows it. */
  open: (key: string) => Promise<void>
  forget: () => void
  /** Records what an operation met; null after one that was answered. */
  report: (trouble: Trouble | null) => void
}

const retryMs = 5000

/** The viewer's session: the key from the address, else the one of this tab; asks again while the server does not answer. */
export function useSession(): [Session, SessionActions] {
  const [session, setSession] = useState<Session>({ phase: 'asking' })

  const open = useCallback(async (key: string) => {
    // Whoever works, or waits for the server to come back, keeps the page as it is meanwhile.
    setSession((before) => (before.phase === 'ready' || before.phase === 'unavailable' ? before : { phase: 'asking' }))
    try {
      const viewer = await askViewer(key)
      storeKey(key)
      setSession({ phase: 'ready', key, viewer, trouble: null })
    } catch (error) {
      setSession((before) => afterFailure(before, key, error))
    }
  }, [])

  const forget = useCallback(() => {
    forgetKey()
    setSession({ phase: 'no-key' })
  }, [])

  const report = useCallback((trouble: Trouble | null) => {
    setSession((before) => (before.phase === 'ready' && before.trouble !== trouble ? { ...before, trouble } : before))
  }, [])

  useEffect(() => {
    const start = () => {
      const key = takeKeyFromAddress() ?? storedKey()
      if (key) void open(key)
      else setSession({ phase: 'no-key' })
    }
    // A second address pasted into the same tab changes the fragment only and loads nothing.
    const onHashChange = () => {
      const key = takeKeyFromAddress()
      if (key) void open(key)
    }
    start()
    window.addEventListener('hashchange', onHashChange)
    return () => window.removeEventListener('hashchange', onHashChange)
  }, [open])

  const keyToRetry = retryKey(session)
  useEffect(() => {
    if (!keyToRetry) return
    const timer = window.setInterval(() => void open(keyToRetry), retryMs)
    return () => window.clearInterval(timer)
  }, [keyToRetry, open])

  return [session, { open, forget, report }]
}

function afterFailure(before: Session, key: string, error: unknown): Session {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof KeyRefused) {
    if (before.phase === 'ready') return { ...before, trouble: before.key === key ? 'key-refused' : 'other-key-refused' }
    forgetKey()
    return { phase: 'refused', message }
  }
  if (before.phase === 'ready' && error instanceof ServerGone) return { ...before, trouble: 'server-gone' }
  return { phase: 'unavailable', key, message }
}

function retryKey(session: Session): string | null {
  if (session.phase === 'unavailable') return session.key
  return session.phase === 'ready' && session.trouble === 'server-gone' ? session.key : null
}
