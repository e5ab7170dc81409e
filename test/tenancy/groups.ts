import type { Data, TestOrganization } from '../support/app.ts'
import { documentOf, permissionGroups, policy } from '../support/groups.ts'

/** A member in a user group that grants all AWS roles, whose policy applies to a resource group. */
export async function makeGroups({ id: organizationId, ask }: TestOrganization, tag: string): Promise<void> {
  const run = async (mutation: string, input: object) => {
    const answer = (await ask(documentOf(mutation), { input }))[mutation]
    if (answer.errors.length > 0) throw new Error(JSON.stringify(answer.errors))
    return answer
  }
  const { members } = await run('inviteMembers', { organizationId, emails: [`person@${tag}.example`] })
  await run('acceptMember', { id: members[0].id })
  const { resourceGroup } = await run('createResourceGroup', {
    organizationId,
    name: `resources ${tag}`,
    scope: [{ key: `organization.${organizationId}`, objects: [{ key: '*' }] }],
    meta: [{ key: 'team', value: `team ${tag}` }],
  })
  const policies = [policy('ALLOW', permissionGroups.awsRoleUser, resourceGroup.id)]
  const { userGroup } = await run('createUserGroup', { organizationId, name: `group ${tag}`, policies })
  await run('setUserGroupMembers', { userGroupId: userGroup.id, memberIds: [members[0].id] })
  const { organization } = await ask(`{ organization(id: "${organizationId}") { awsRoles { nodes { id } } } }`)
  await run('setUserGroupAwsRoles', { userGroupId: userGroup.id, awsRoleIds: organization.awsRoles.nodes.map(({ id }: Data) => id) })
}
