import { Arg, Ctx, Mutation, Resolver } from 'type-graphql'
import { Requires } from '../auth/requires.ts'
import type { Context } from '../context.ts'
import type { OperationRow } from '../operation/operation.loader.ts'
import { BackgroundOperationPayload } from '../operation/operation.type.ts'
import { type OrganizationRow, organizationLoader } from '../organization/organization.loader.ts'
import { payload } from '../platform/errors.ts'
import { createIntegration, validateIntegration } from './create-integration.ts'
import { deleteIntegration } from './delete-integration.ts'
import {
  CreateIntegrationInput,
  DeleteIntegrationInput,
  DeleteIntegrationPayload,
  DisableIntegrationInput,
  EnableIntegrationInput,
  IntegrationPayload,
  RefreshIntegrationInput,
  UpdateIntegrationInput,
  ValidateIntegrationPayload,
} from './integration.input.ts'
import type { IntegrationRow } from './integration.loader.ts'
import { refreshIntegration } from './refresh-integration.ts'
import { disableIntegration, enableIntegration } from './switch-integration.ts'
import { updateIntegration } from './update-integration.ts'

const none: { integration: IntegrationRow | null } = { integration: null }

@Resolver()
export class IntegrationMutations {
  @Mutation(() => ValidateIntegrationPayload, { description: 'What createIntegration would refuse now. Writes nothing.' })
  @Requires('INTEGRATIONS_WRITE')
  async validateIntegration(
    @Arg('input', () => CreateIntegrationInput, { description: 'The integration that could be made.' }) input: CreateIntegrationInput,
    @Ctx() context: Context,
  ) {
    const { errors } = await payload({}, async () => ({ errors: await validateIntegration(context, input) }))
    return { valid: errors.length === 0, errors }
  }

  @Mutation(() => IntegrationPayload, { description: 'Makes an integration. What it has is read when it is refreshed.' })
  @Requires('INTEGRATIONS_WRITE')
  createIntegration(
    @Arg('input', () => CreateIntegrationInput, { description: 'The new integration.' }) input: CreateIntegrationInput,
    @Ctx() context: Context,
  ) {
    return payload(none, async () => ({ integration: await createIntegration(context, input) }))
  }

  @Mutation(() => IntegrationPayload, { description: 'Changes an integration. Its type never changes.' })
  @Requires('INTEGRATIONS_WRITE')
  updateIntegration(
    @Arg('input', () => UpdateIntegrationInput, { description: 'The changes.' }) input: UpdateIntegrationInput,
    @Ctx() context: Context,
  ) {
    return payload(none, async () => ({ integration: await updateIntegration(context, input) }))
  }

  @Mutation(() => BackgroundOperationPayload, {
    description: 'Reads in the background what an integration has. While that goes on, another call gets the same operation.',
  })
  @Requires('INTEGRATIONS_WRITE')
  refreshIntegration(
    @Arg('input', () => RefreshIntegrationInput, { description: 'Which one.' }) input: RefreshIntegrationInput,
    @Ctx() context: Context,
  ) {
    const notBegun: { operation: OperationRow | null } = { operation: null }
    return payload(notBegun, async () => ({ operation: await refreshIntegration(context, input) }))
  }

  @Mutation(() => IntegrationPayload, {
    description: 'Switches an integration off: nothing is read of it, and no report for it is taken. Again changes nothing.',
  })
  @Requires('INTEGRATIONS_WRITE')
  disableIntegration(
    @Arg('input', () => DisableIntegrationInput, { description: 'Which one.' }) input: DisableIntegrationInput,
    @Ctx() context: Context,
  ) {
    return payload(none, async () => ({ integration: await disableIntegration(context, input) }))
  }

  @Mutation(() => IntegrationPayload, { description: 'Switches an integration on again. On one that is on, changes nothing.' })
  @Requires('INTEGRATIONS_WRITE')
  enableIntegration(
    @Arg('input', () => EnableIntegrationInput, { description: 'Which one.' }) input: EnableIntegrationInput,
    @Ctx() context: Context,
  ) {
    return payload(none, async () => ({ integration: await enableIntegration(context, input) }))
  }

  @Mutation(() => DeleteIntegrationPayload, {
    description: 'Deletes an integration with its secret, resources and permissions. Refused while owners of others are looked up in it.',
  })
  @Requires('INTEGRATIONS_WRITE')
  deleteIntegration(
    @Arg('input', () => DeleteIntegrationInput, { description: 'Which one.' }) input: DeleteIntegrationInput,
    @Ctx() context: Context,
  ) {
    const nothing: { deletedIds: string[]; alreadyAbsent: boolean; organization: OrganizationRow | null } = {
      deletedIds: [],
      alreadyAbsent: false,
      organization: null,
    }
    return payload(nothing, async () => {
      const { organizationId, ...removal } = await deleteIntegration(context, input)
      return { ...removal, organization: organizationId ? await organizationLoader(context).load(organizationId) : null }
    })
  }
}
