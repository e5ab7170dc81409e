/** What the examples' variables are filled in with. */
export interface ExampleFacts {
  organizationId: string
  components: readonly ComponentFact[]
}

export interface ComponentFact {
  id: string
  kind: string
  allowedActions: readonly string[]
}

export interface Example {
  /** The operation's file in operations/. */
  file: string
  title: string
  description: string
  variables: (facts: ExampleFacts) => Record<string, unknown>
}

export interface ExampleGroup {
  title: string
  examples: readonly Example[]
}

/** The example of the first tab. */
export const openingExample: Example = {
  file: 'whole-organization.graphql',
  title: 'The whole organization',
  description: 'Integration, components, checks, keys and history in one nested query.',
  variables: ofOrganization,
}

/** The one that answers a viewer who sees no organization. */
export const exampleWithoutOrganization: Example = {
  file: 'who-am-i.graphql',
  title: 'Who am I',
  description: 'The key you use, its scopes and the organizations it sees.',
  variables: () => ({}),
}

/** The examples in the order in which the main job uses them. */
export const exampleGroups: readonly ExampleGroup[] = [
  {
    title: 'Look around',
    examples: [openingExample, exampleWithoutOrganization],
  },
  {
    title: 'Bring an AWS account in',
    examples: [
      {
        file: 'install-aws.graphql',
        title: 'Install AWS',
        description: 'Makes the one AWS integration of the organization. A second call changes nothing.',
        variables: (facts) => ({ input: ofOrganization(facts) }),
      },
      {
        file: 'stage-component.graphql',
        title: 'Stage a component',
        description: 'Names an account and what is to run there. Put your account number into itemId.',
        variables: (facts) => ({
          input: { ...ofOrganization(facts), kind: 'IAM_ASSESSMENT', itemId: '123456789012', allowRestage: false },
        }),
      },
      {
        file: 'setup-recipes.graphql',
        title: 'Read its setup and recipes',
        description: 'Policies to create in AWS, as JSON and as Terraform, CloudFormation and AWS CLI.',
        variables: (facts) => ({ componentId: idOf(newest(facts, 'STAGE', 'VERIFY')) }),
      },
      {
        file: 'verify-component.graphql',
        title: 'Verify',
        description: 'Checks AWS against the setup and answers check by check, with what to mend.',
        variables: (facts) => ({ input: { id: idOf(newest(facts, 'VERIFY')) } }),
      },
      {
        file: 'configure-component.graphql',
        title: 'Configure',
        description: 'Stores the configuration, verifies once more and installs.',
        variables: (facts) => {
          const component = newest(facts, 'CONFIGURE')
          return { input: { id: idOf(component), config: configOfKind[component?.kind ?? ''] ?? { iamAssessment: {} } } }
        },
      },
    ],
  },
  {
    title: 'Keep an eye on it',
    examples: [
      {
        file: 'components.graphql',
        title: 'Components by state',
        description: 'Filtered by kind, state, health or account; here what is installed.',
        variables: (facts) => ({ ...ofOrganization(facts), filter: { states: ['INSTALLED'] } }),
      },
      {
        file: 'transitions.graphql',
        title: 'Transitions',
        description: 'What a component went through, who moved it, and its last verifications.',
        variables: (facts) => ({ componentId: idOf(newest(facts, 'VERIFY', 'STAGE')) }),
      },
      {
        file: 'background-operations.graphql',
        title: 'Background operations',
        description: 'Long work with its progress, newest first.',
        variables: ofOrganization,
      },
      {
        file: 'audit-trail.graphql',
        title: 'Audit trail',
        description: 'Every change and every refusal: who, when, before and after.',
        variables: (facts) => ({ ...ofOrganization(facts), filter: {} }),
      },
    ],
  },
  {
    title: 'Take it out again',
    examples: [
      {
        file: 'remove-component.graphql',
        title: 'Remove',
        description: 'Takes the component out, in any state. AWS itself is left as it is.',
        variables: (facts) => ({ input: { id: idOf(newest(facts, 'REMOVE')) } }),
      },
    ],
  },
]

/** A configuration that every component of the kind accepts. */
const configOfKind: Record<string, unknown> = {
  IAM_ASSESSMENT: { iamAssessment: {} },
  IAM_WRITE: { iamWrite: { login: { iam: { identity: 'EMAIL' } } } },
  FUNCTION_CALLER: { functionCaller: { confirm: true } },
  ACCESS_LOGS: { accessLogs: {} },
  INVENTORY: { inventory: { confirm: true } },
}

function ofOrganization({ organizationId }: ExampleFacts) {
  return { organizationId }
}

function newest({ components }: ExampleFacts, ...actions: string[]): ComponentFact | undefined {
  return components.findLast(({ allowedActions }) => actions.some((action) => allowedActions.includes(action)))
}

function idOf(component: ComponentFact | undefined): string {
  return component?.id ?? 'stage-a-component-first'
}
