import { InstallAwsDocument } from '../generated/operations.ts'
import { type Gatehouse, RequestError, textOf } from '../shared/gatehouse.ts'
import type { Organization } from '../shared/organization.ts'

/** Makes the organization's AWS integration; where there is one this changes nothing. */
export async function installAwsIntegration(gatehouse: Gatehouse, { id: organizationId }: Organization): Promise<void> {
  const { errors } = (await gatehouse.ask(InstallAwsDocument, { input: { organizationId } }, { mayRepeat: true })).installAwsIntegration
  if (errors.length > 0) throw new RequestError(`The AWS integration cannot be installed: ${textOf(errors)}`)
}
