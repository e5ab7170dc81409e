import { KeyField } from './key-field.tsx'
import type { Session, SessionActions } from './session.ts'

interface WelcomeProps {
  session: Exclude<Session, { phase: 'ready' }>
  actions: SessionActions
}

/** What stands in the page's place until a key works: why not yet, and what to do. */
export function Welcome({ session, actions }: WelcomeProps) {
  if (session.phase === 'asking') return <main className="welcome" aria-busy="true" />
  if (session.phase === 'unavailable') {
    return (
      <main className="welcome">
        <section className="card" role="alert">
          <h1>Gatehouse does not answer</h1>
          <p>
            {session.message} Is the server at <code>{window.location.host}</code> running? It is asked again every few seconds.
          </p>
          <div className="card-actions">
            <button type="button" className="primary" onClick={() => void actions.open(session.key)}>
              Ask now
            </button>
            <button type="button" className="quiet" onClick={actions.forget}>
              Forget the key
            </button>
          </div>
        </section>
      </main>
    )
  }
  const isRefused = session.phase === 'refused'
  return (
    <main className="welcome">
      <section className="card" role={isRefused ? 'alert' : undefined}>
        <h1>{isRefused ? 'This key was refused' : 'Paste a key to begin'}</h1>
        <p>
          {isRefused
            ? 'It is wrong, has ended or was revoked, and is forgotten here. Paste another one.'
            : 'The playground asks the API with your own API key or access token.'}
        </p>
        <KeyField placeholder="API key or access token" onKey={(key) => void actions.open(key)} isProminent />
        <p className="hint">
          Started with <code>npm start</code> on your own machine? Its output names an address with a key of a demo organization, good for
          24 hours.
        </p>
        <p className="hint">The key stays in this tab and is sent to this server only. Closing the tab forgets it.</p>
      </section>
    </main>
  )
}
