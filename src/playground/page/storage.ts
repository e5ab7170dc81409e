const themeKey = 'graphiql:theme'

/** What the first tab of a fresh workbench holds. */
export interface OpeningTab {
  query: string
  variables: string
}

/**
 * Where the editor keeps its tabs and history: in this tab only, because variables may hold secrets, and apart for each
 * organization, because they hold its ids. The theme alone is kept for later visits.
 */
export function editorStorage(organizationId: string, openingTab: OpeningTab) {
  const prefix = `gatehouse:${organizationId}:`
  const place = (key: string): [Storage, string] => (key === themeKey ? [localStorage, key] : [sessionStorage, prefix + key])
  const ownKeys = () => Object.keys(sessionStorage).filter((key) => key.startsWith(prefix))
  const storage = {
    getItem(key: string) {
      const [area, name] = place(key)
      return area.getItem(name)
    },
    setItem(key: string, value: string) {
      const [area, name] = place(key)
      area.setItem(name, value)
    },
    removeItem(key: string) {
      const [area, name] = place(key)
      area.removeItem(name)
    },
    get length() {
      return ownKeys().length
    },
    clear() {
      for (const key of ownKeys()) sessionStorage.removeItem(key)
      localStorage.removeItem(themeKey)
    },
  }
  if (!storage.getItem('graphiql:tabState')) {
    // GraphiQL reads the editors' first content here: of its default tabs it takes the query only.
    storage.setItem('graphiql:query', openingTab.query)
    storage.setItem('graphiql:variables', openingTab.variables)
    storage.setItem('graphiql:docExplorerFlex', '0.31')
  }
  return storage
}
