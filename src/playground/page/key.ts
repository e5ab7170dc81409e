// Session storage: a key lives as long as its tab, and no other tab or later visit sees it.
const storageKey = 'gatehouse:key'

/** The key of an address that ends in `#key=…`, which is cleared from the address and from this history entry; else null. */
export function takeKeyFromAddress(): string | null {
  const found = /^#key=(.+)$/.exec(window.location.hash)?.[1]
  if (!found) return null
  window.history.replaceState(null, '', window.location.pathname + window.location.search)
  try {
    return decodeURIComponent(found)
  } catch {
    return found
  }
}

export function storedKey(): string | null {
  return window.sessionStorage.getItem(storageKey)
}

export function storeKey(key: string): void {
  window.sessionStorage.setItem(storageKey, key)
}

export function forgetKey(): void {
  window.sessionStorage.removeItem(storageKey)
}
