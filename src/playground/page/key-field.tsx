import { type FormEvent, useState } from 'react'

interface KeyFieldProps {
  placeholder: string
  onKey: (key: string) => void
  isProminent?: boolean
}

/** A field to paste a key into. It shows dots and is no password field, so that no browser offers to keep the key. */
export function KeyField({ placeholder, onKey, isProminent = false }: KeyFieldProps) {
  const [text, setText] = useState('')
  const key = text.trim()

  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!key) return
    onKey(key)
    setText('')
  }

  return (
    <form className={isProminent ? 'key-field prominent' : 'key-field'} onSubmit={submit}>
      <input
        type="text"
        name="gatehouse-key"
        className="masked"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        placeholder={placeholder}
        aria-label={placeholder}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
      />
      <button type="submit" className="primary" disabled={!key}>
        Use
      </button>
    </form>
  )
}
