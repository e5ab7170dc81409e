import { KeyField } from './key-field.tsx'
import { KeyState } from './key-state.tsx'
import type { SessionActions } from './session.ts'
import type { Organization, Viewer } from './viewer.ts'

type HeaderProps =
  | { viewer?: undefined }
  | {
      viewer: Viewer
      organization: Organization | undefined
      onChooseOrganization: (id: string) => void
      actions: SessionActions
    }

export function Header(props: HeaderProps) {
  return (
    <header className="header">
      <span className="brand">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="7" />
          <path d="M7 25V9h3v3h3V9h6v3h3V9h3v16h-5v-5a4 4 0 0 0-8 0v5z" />
        </svg>
        Gatehouse
      </span>
      {props.viewer && (
        <>
          <OrganizationName {...props} />
          <div className="header-key">
            <KeyState viewer={props.viewer} />
            <KeyField placeholder="Paste another key" onKey={(key) => void props.actions.open(key)} />
            <button type="button" className="quiet" onClick={props.actions.forget}>
              Forget
            </button>
          </div>
        </>
      )}
    </header>
  )
}

function OrganizationName({ viewer, organization, onChooseOrganization }: Exclude<HeaderProps, { viewer?: undefined }>) {
  const organizations = viewer.organizations.nodes
  if (!organization) return <span className="organization">No organization yet</span>
  return (
    <span className="organization">
      {organizations.length > 1 ? (
        <select value={organization.id} onChange={(event) => onChooseOrganization(event.currentTarget.value)} aria-label="Organization">
          {organizations.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      ) : (
        <strong>{organization.name}</strong>
      )}
      <code title="The organization's slug">{organization.slug}</code>
    </span>
  )
}
