import type { VerificationCheck } from '../aws.type.ts'
import { checkCaller, checkProvider } from './account.ts'
import { assumeRole, type Role, type RoleSession, refusedToken, roleArn } from './assume-role.ts'
import { checkAccessLogs, checkThroughParent } from './borrowed-role.ts'
import { failed, passed } from './check.ts'
import { type Gathered, gather, learnAlias } from './gathered.ts'
import { checkAccessAnalyzer, checkFunction, checkResourceExplorer, checkSamlProvider } from './kind-checks.ts'
import { checkInlinePolicies, checkRoleExists, checkTrustPolicy, readTrustDocument } from './role-documents.ts'
import type { Run } from './run.ts'

/** Makes the checks that can be made. One that a failed check stands in the way of is left out. */
export async function makeChecks(run: Run): Promise<Gathered> {
  const gathered: Gathered = { checks: [], learned: {}, problem: null }
  await gather(gathered, async () => {
    const identity = await checkIdentity(run)
    gathered.checks.push(identity)
    if (identity.status === 'FAILED') return
    if (run.request.kind === 'ACCESS_LOGS') await checkAccessLogs(run, gathered)
    else await checkRole(run, gathered)
  })
  return gathered
}

async function checkIdentity(run: Run): Promise<VerificationCheck> {
  const { kind, config, setup, assessment, identity } = run.request
  const problem = await run.identityProblem((setup ?? assessment?.setup)?.issuer ?? identity.issuer)
  if (problem !== null) {
    return failed('SERVICE_ACCOUNT_CONFIGURED', { message: "AWS cannot use this server's identity for this component.", ...problem })
  }
  const isAllThereIs = kind === 'ACCESS_LOGS' && !config.cloudLakeArn
  const note = isAllThereIs ? ' Nothing else was checked: no event data store is configured.' : ''
  return passed('SERVICE_ACCOUNT_CONFIGURED', `This server has an identity that AWS can use.${note}`)
}

async function checkRole(run: Run, gathered: Gathered): Promise<void> {
  const { setup, accountId, partition } = run.request
  if (setup === null) throw new Error(`a ${run.request.kind} component is verified with its setup`)
  const role: Role = { accountId, partition, setup }
  const assumed = await assumeRole(run, role, await run.tokenOf())
  if ('refusal' in assumed) {
    gathered.checks.push(refusedToken(role, assumed.refusal))
    return
  }
  const session = assumed.value
  gathered.checks.push(passed('ROLE_ASSUMABLE', `This organization may assume ${roleArn(role)}.`))
  const document = readTrustDocument(run, session, setup)
  const add = (...checks: VerificationCheck[]) => gathered.checks.push(...checks)
  // Side by side, because each may look again for what is missing; they share no state but the report.
  await Promise.all(
    [
      async () => {
        if (setup.oidcProviderUrl !== null) add(await checkProvider(run, session, setup))
      },
      async () => {
        add(...(await checkCaller(run, session, role)))
      },
      async () => {
        const exists = checkRoleExists(role, await document)
        add(exists)
        if (exists.status === 'FAILED') return
        await Promise.all([
          gather(gathered, async () => {
            const { check, refusedFor } = await checkTrustPolicy(run, role, await document)
            add(check)
            if (refusedFor !== undefined) gathered.learned.decoyRefusedFor = refusedFor
          }),
          gather(gathered, async () => {
            add(...(await checkInlinePolicies(run, session, setup)))
          }),
        ])
      },
      () => checkKind(run, gathered, session, role),
      () => learnAlias(run, gathered, session),
    ].map((step) => gather(gathered, step)),
  )
}

/** What the kind needs beyond its role; each of these has one check at most, but for Identity Center's two. */
async function checkKind(run: Run, gathered: Gathered, session: RoleSession, role: Role): Promise<void> {
  const { kind, config, itemId } = run.request
  const add = (check: VerificationCheck) => gathered.checks.push(check)
  if (kind === 'IAM_ASSESSMENT' && config.accessAnalyzerArn) add(await checkAccessAnalyzer(run, session, role, config.accessAnalyzerArn))
  if (kind === 'FUNCTION_CALLER') add(await checkFunction(run, session, role, itemId))
  if (kind === 'INVENTORY') add(await checkResourceExplorer(run, session, role))
  if (kind !== 'IAM_WRITE') return
  const { login } = config
  if (login?.type === 'federated') add(await checkSamlProvider(run, session, role, login.provider.identityProvider))
  if (login?.type === 'identityCenter') await checkThroughParent(run, gathered, session, role, login)
}
