import type { Trouble } from './session.ts'

const texts: Record<Trouble, string> = {
  'key-refused': 'The server no longer accepts this key: it has ended or was revoked. Paste another one above.',
  'other-key-refused': 'That key was refused: it is wrong, has ended or was revoked. The one in use is unchanged.',
  'server-gone': 'Gatehouse does not answer. Your tabs are safe; it is asked again every few seconds.',
}

interface BannerProps {
  trouble: Trouble
  onRetry: () => void
  onDismiss: () => void
}

/** Tells what stopped working without taking the editor away. */
export function Banner({ trouble, onRetry, onDismiss }: BannerProps) {
  return (
    <div className="banner" role="alert">
      <span>{texts[trouble]}</span>
      {trouble === 'server-gone' ? (
        <button type="button" onClick={onRetry}>
          Ask now
        </button>
      ) : (
        <button type="button" onClick={onDismiss}>
          Dismiss
        </button>
      )}
    </div>
  )
}
