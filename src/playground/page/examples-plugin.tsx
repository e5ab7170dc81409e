import { type GraphiQLPlugin, useGraphiQL, useGraphiQLActions } from '@graphiql/react'
import { createContext, useContext } from 'react'
import { type Example, exampleGroups } from './examples.ts'
import { exampleOfText, isMutation, operationText } from './operations.ts'
import { askExampleFacts } from './viewer.ts'

interface ExampleContextValue {
  organizationId: string
  currentKey: () => string
}

export const ExampleContext = createContext<ExampleContextValue>({ organizationId: '', currentKey: () => '' })

export const EXAMPLES_PLUGIN: GraphiQLPlugin = { title: 'Examples', icon: ExamplesIcon, content: Examples }

function Examples() {
  const open = useOpenExample()
  const activeText = useGraphiQL(({ tabs, activeTabIndex }) => tabs[activeTabIndex]?.query ?? '')
  const active = exampleOfText(activeText)
  return (
    <section className="examples" aria-label="Examples">
      <div className="examples-title">Examples</div>
      <p className="examples-hint">Each opens in a tab, filled in for your organization.</p>
      {exampleGroups.map((group) => (
        <div key={group.title} className="example-group">
          <h3>{group.title}</h3>
          {group.examples.map((example) => (
            <button
              key={example.file}
              type="button"
              className={example === active ? 'example active' : 'example'}
              onClick={() => void open(example)}
            >
              <span className="example-title">
                {example.title}
                {isMutation(example) && <span className="tag">changes</span>}
              </span>
              <span className="example-description">{example.description}</span>
            </button>
          ))}
        </div>
      ))}
    </section>
  )
}

/** Opens an example in a new tab, filled in as of now, or goes to the tab in which exactly that stands. */
function useOpenExample() {
  const { organizationId, currentKey } = useContext(ExampleContext)
  const { addTab, changeTab } = useGraphiQLActions()
  const editors = useGraphiQL(({ queryEditor, variableEditor, tabs }) => ({ queryEditor, variableEditor, tabs }))
  return async (example: Example) => {
    const facts = await askExampleFacts(currentKey(), organizationId)
    const { queryEditor, variableEditor, tabs } = editors
    if (!queryEditor || !variableEditor) return
    const variables = JSON.stringify(example.variables(facts), null, 2)
    const openTab = tabs.findIndex((tab) => exampleOfText(tab.query ?? '') === example && tab.variables === variables)
    if (openTab >= 0) return changeTab(openTab)
    addTab()
    queryEditor.setValue(operationText(example))
    variableEditor.setValue(variables)
  }
}

function ExamplesIcon() {
  return (
    <svg
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d="M4 5.5h16M4 12h10M4 18.5h7" />
      <path d="M16 13.5v7l5.5-3.5z" fill="currentColor" />
    </svg>
  )
}
