import { LRUCache } from 'lru-cache'

type XmlValue = string | number | boolean | Date | null | undefined | XmlValue[] | { [member: string]: XmlValue }

/**
 * One element: objects become child elements, lists elements of one name (`member` to most services), dates ISO 8601 in whole seconds;
 * what is undefined is left out.
 */
export function toXml(name: string, value: unknown, attributes = '', itemName = 'member'): string {
  return element(name, value as XmlValue, itemName, attributes)
}

// Roles by the hundred share a few documents, and each list names every one of them.
const encoded = new LRUCache<string, string>({ max: 500 })

/** RFC 3986 percent-encoding, as IAM returns policy documents. */
export function percentEncode(text: string): string {
  let result = encoded.get(text)
  if (result === undefined) {
    result = encodeURIComponent(text).replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    encoded.set(text, result)
  }
  return result
}

function element(name: string, value: XmlValue, itemName: string, attributes = ''): string {
  if (value === undefined || value === null) return ''
  const inside = content(value, itemName)
  return inside === '' ? `<${name}${attributes}/>` : `<${name}${attributes}>${inside}</${name}>`
}

function content(value: NonNullable<XmlValue>, itemName: string): string {
  if (value instanceof Date) return value.toISOString().replace(/\.\d+Z$/, 'Z')
  if (Array.isArray(value)) return value.map((item) => element(itemName, item, itemName)).join('')
  if (typeof value === 'object') {
    return Object.entries(value)
      .map(([name, member]) => element(name, member, itemName))
      .join('')
  }
  return escapeText(String(value))
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;', '\r': '&#xD;' }

function escapeText(text: string): string {
  return /[&<>"'\r]/.test(text) ? text.replaceAll(/[&<>"'\r]/g, (character) => entities[character]!) : text
}
