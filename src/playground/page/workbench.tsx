import { GraphiQL, HISTORY_PLUGIN } from 'graphiql'
import { type ComponentProps, useMemo, useRef } from 'react'
import { KeyRefused, ServerGone, send } from './client.ts'
import { exampleWithoutOrganization, openingExample } from './examples.ts'
import { EXAMPLES_PLUGIN, ExampleContext } from './examples-plugin.tsx'
import { operationText } from './operations.ts'
import type { Trouble } from './session.ts'
import { editorStorage, type OpeningTab } from './storage.ts'

interface WorkbenchProps {
  accessKey: string
  organizationId: string
  onTrouble: (trouble: Trouble | null) => void
}

// One array for good: a new one would make GraphiQL close the panel that is open.
const plugins = [EXAMPLES_PLUGIN, HISTORY_PLUGIN]

/** The editor with the examples beside it. A new key takes effect with the next request and leaves the tabs alone. */
export function Workbench({ accessKey, organizationId, onTrouble }: WorkbenchProps) {
  const keyInUse = useRef(accessKey)
  keyInUse.current = accessKey
  const fetcher = useMemo(() => createFetcher(() => keyInUse.current, onTrouble), [onTrouble])
  const storage = useMemo(() => editorStorage(organizationId, openingTab(organizationId)), [organizationId])
  const context = useMemo(() => ({ organizationId, currentKey: () => keyInUse.current }), [organizationId])
  return (
    <ExampleContext value={context}>
      <div className="workbench">
        <GraphiQL
          fetcher={fetcher}
          storage={storage}
          plugins={plugins}
          visiblePlugin={EXAMPLES_PLUGIN}
          defaultEditorToolsVisibility="variables"
          // Kept headers would be kept credentials.
          shouldPersistHeaders={false}
          inputValueDeprecation
          schemaDescription
        >
          <GraphiQL.Logo>{null}</GraphiQL.Logo>
        </GraphiQL>
      </div>
    </ExampleContext>
  )
}

function openingTab(organizationId: string): OpeningTab {
  const example = organizationId ? openingExample : exampleWithoutOrganization
  return {
    query: operationText(example),
    variables: JSON.stringify(example.variables({ organizationId, components: [] }), null, 2),
  }
}

type Fetcher = ComponentProps<typeof GraphiQL>['fetcher']
/** Its errors are those of the wire: plain objects, where the type says instances of GraphQLError. */
type Result = Awaited<ReturnType<Fetcher>>

function createFetcher(currentKey: () => string, onTrouble: WorkbenchProps['onTrouble']): Fetcher {
  return async (operation, options) => {
    try {
      const reply = await send<Record<string, unknown>>(currentKey(), operation, options?.headers)
      onTrouble(null)
      return reply as Result
    } catch (error) {
      if (error instanceof KeyRefused) {
        onTrouble('key-refused')
        return error.reply as Result
      }
      if (error instanceof ServerGone) onTrouble('server-gone')
      throw error
    }
  }
}
