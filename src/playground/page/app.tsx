import { useEffect, useState } from 'react'
import { Banner } from './banner.tsx'
import { Header } from './header.tsx'
import { type Session, type SessionActions, useSession } from './session.ts'
import { Welcome } from './welcome.tsx'
import { Workbench } from './workbench.tsx'

export function App() {
  const [session, actions] = useSession()
  return session.phase === 'ready' ? <SignedIn session={session} actions={actions} /> : <SignedOut session={session} actions={actions} />
}

function SignedIn({ session, actions }: { session: Extract<Session, { phase: 'ready' }>; actions: SessionActions }) {
  const { key, viewer, trouble } = session
  const organizations = viewer.organizations.nodes
  const [chosenId, setChosenId] = useState<string | null>(null)
  const organization = organizations.find(({ id }) => id === chosenId) ?? organizations[0]

  useEffect(() => {
    document.title = organization ? `${organization.name} · Gatehouse` : 'Gatehouse'
  }, [organization])

  return (
    <>
      <Header viewer={viewer} organization={organization} onChooseOrganization={setChosenId} actions={actions} />
      {trouble && <Banner trouble={trouble} onRetry={() => void actions.open(key)} onDismiss={() => actions.report(null)} />}
      {/* Another organization is another workbench: its own tabs, filled in with its ids. */}
      <Workbench key={organization?.id ?? ''} accessKey={key} organizationId={organization?.id ?? ''} onTrouble={actions.report} />
    </>
  )
}

function SignedOut({ session, actions }: { session: Exclude<Session, { phase: 'ready' }>; actions: SessionActions }) {
  useEffect(() => {
    document.title = 'Gatehouse'
  }, [])

  return (
    <>
      <Header />
      <Welcome session={session} actions={actions} />
    </>
  )
}
