import { Arg, Ctx, Mutation, Resolver } from 'type-graphql'
import { Requires } from '../auth/requires.ts'
import type { Context } from '../context.ts'
import type { OperationRow } from '../operation/operation.loader.ts'
import { BackgroundOperationPayload } from '../operation/operation.type.ts'
import { verifyComponents } from '../operation/verify-components.ts'
import { type OrganizationRow, organizationLoader } from '../organization/organization.loader.ts'
import { payload } from '../platform/errors.ts'
import {
  ConfigureComponentInput,
  ConfigureComponentsInput,
  RemoveComponentInput,
  RemoveComponentsInput,
  StageComponentInput,
  StageComponentsInput,
  VerifyComponentInput,
  VerifyComponentsInput,
} from './component.input.ts'
import type { ComponentRow, VerificationRow } from './component.loader.ts'
import {
  ComponentPayload,
  ConfigureComponentsPayload,
  RemoveComponentPayload,
  RemoveComponentsPayload,
  StageComponentsPayload,
} from './component.payload.ts'
import { configureComponents, removeComponents, stageComponents } from './component-bulk.ts'
import { configureComponent } from './configure-component.ts'
import { removeComponent } from './remove-component.ts'
import { stageComponent } from './stage-component.ts'
import { verifyComponent } from './verify-component.ts'

type NoComponent = { component: ComponentRow | null; verification: VerificationRow | null }
const noComponent: NoComponent = { component: null, verification: null }
const nothingDone = { results: [], summary: { total: 0, succeeded: 0, failed: 0 } }

@Resolver()
export class ComponentMutations {
  @Mutation(() => ComponentPayload, {
    description: "Hands out a component's setup: what to create in AWS. Staging a staged one changes nothing.",
  })
  @Requires('COMPONENTS_WRITE')
  stageComponent(
    @Arg('input', () => StageComponentInput, { description: 'What to stage.' }) input: StageComponentInput,
    @Ctx() context: Context,
  ) {
    return payload(noComponent, async () => ({ component: await stageComponent(context, input), verification: null }))
  }

  @Mutation(() => ComponentPayload, {
    description: 'Looks whether AWS is set up as handed out; from STAGE a passed look leads to CONFIGURE.',
  })
  @Requires('COMPONENTS_WRITE')
  verifyComponent(
    @Arg('input', () => VerifyComponentInput, { description: 'Which component.' }) input: VerifyComponentInput,
    @Ctx() context: Context,
  ) {
    return payload(noComponent, () => verifyComponent(context, input))
  }

  @Mutation(() => ComponentPayload, {
    description: 'Stores a configuration and verifies it, all or nothing; from CONFIGURE it leads to INSTALLED.',
  })
  @Requires('COMPONENTS_WRITE')
  configureComponent(
    @Arg('input', () => ConfigureComponentInput, { description: 'Which component, and how.' }) input: ConfigureComponentInput,
    @Ctx() context: Context,
  ) {
    return payload(noComponent, () => configureComponent(context, input))
  }

  @Mutation(() => RemoveComponentPayload, { description: 'Forgets a component. AWS is left as it is.' })
  @Requires('COMPONENTS_WRITE')
  removeComponent(
    @Arg('input', () => RemoveComponentInput, { description: 'Which component.' }) input: RemoveComponentInput,
    @Ctx() context: Context,
  ) {
    const none: { deletedIds: string[]; alreadyAbsent: boolean; organization: OrganizationRow | null } = {
      deletedIds: [],
      alreadyAbsent: false,
      organization: null,
    }
    return payload(none, async () => {
      const { organizationId, ...removal } = await removeComponent(context, input)
      return { ...removal, organization: organizationId ? await organizationLoader(context).load(organizationId) : null }
    })
  }

  @Mutation(() => StageComponentsPayload, { description: 'Stages up to 500 items, each by itself.' })
  @Requires('COMPONENTS_WRITE')
  stageComponents(
    @Arg('input', () => StageComponentsInput, { description: 'What to stage.' }) input: StageComponentsInput,
    @Ctx() context: Context,
  ) {
    return payload(nothingDone, () => stageComponents(context, input))
  }

  @Mutation(() => BackgroundOperationPayload, { description: 'Verifies up to 500 components in the background.' })
  @Requires('COMPONENTS_WRITE')
  verifyComponents(
    @Arg('input', () => VerifyComponentsInput, { description: 'Which components.' }) input: VerifyComponentsInput,
    @Ctx() context: Context,
  ) {
    const none: { operation: OperationRow | null } = { operation: null }
    return payload(none, async () => ({ operation: await verifyComponents(context, input) }))
  }

  @Mutation(() => ConfigureComponentsPayload, { description: 'Gives up to 100 components one configuration, each by itself.' })
  @Requires('COMPONENTS_WRITE')
  configureComponents(
    @Arg('input', () => ConfigureComponentsInput, { description: 'Which components, and how.' }) input: ConfigureComponentsInput,
    @Ctx() context: Context,
  ) {
    return payload(nothingDone, () => configureComponents(context, input))
  }

  @Mutation(() => RemoveComponentsPayload, { description: 'Forgets up to 500 components, each by itself.' })
  @Requires('COMPONENTS_WRITE')
  removeComponents(
    @Arg('input', () => RemoveComponentsInput, { description: 'Which components.' }) input: RemoveComponentsInput,
    @Ctx() context: Context,
  ) {
    return payload({ ...nothingDone, deletedIds: [] }, () => removeComponents(context, input))
  }
}
