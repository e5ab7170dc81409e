import type { ResourceStatus } from '../generated/prisma/enums.ts'
import type { CatalogueEntry } from '../integration/catalogue.ts'
import type { IntegrationRow } from '../integration/integration.loader.ts'
import { type UserErrorValue, userError } from '../platform/errors.ts'
import { checkAgentVersion } from './heartbeat.ts'

export interface GivenResource {
  externalId: string
  name: string
  type: string
  sourceTags?: { key: string; value: string }[] | null
  status: ResourceStatus
  statusMessage?: string | null
}

export interface DiscoveryReport {
  integrationId: string
  agentVersion?: string | null
  runId?: string | null
  complete: boolean
  resources: GivenResource[]
  permissions?: { name: string; resourceType: string }[] | null
  status?: IntegrationRow['status'] | null
  statusMessage?: string | null
}

const maxItems = 5_000
const maxTags = 100
/** A report with more mistakes than this is as good as none: the rest is not told. */
const maxErrors = 100
const reportable: IntegrationRow['status'][] = ['ACTIVE', 'WARNING', 'ERROR']

type Path = (string | number)[]
type Limits = { min: number; max: number }

/** What is wrong with a report for that integration. Names are as their source has them; only what cannot be stored is refused. */
export function checkReport(entry: CatalogueEntry, integration: IntegrationRow, report: DiscoveryReport): UserErrorValue[] {
  const { resources, permissions, status } = report
  const sizes = Object.entries({ resources, permissions: permissions ?? [] }).flatMap(([field, { length }]) =>
    length <= maxItems
      ? []
      : [refuse('VALUE_OUT_OF_BOUNDS', ['input', field], `${field} must have at most ${maxItems} items a call; it has ${length}.`)],
  )
  if (sizes.length > 0) return sizes
  const checkType = typeCheck(entry, integration)
  const seen = new Set<string>()
  const errors = [
    ...checkAgentVersion(report.agentVersion),
    ...checkText(report.runId, { min: 1, max: 200 }, ['input', 'runId']),
    ...checkText(report.statusMessage, { min: 1, max: 2_000 }, ['input', 'statusMessage']),
    ...(status && !reportable.includes(status)
      ? [refuse('INVALID_VALUE', ['input', 'status'], `status must be one of ${reportable.join(', ')}.`)]
      : []),
    ...resources.flatMap((resource, index) => {
      const at = ['input', 'resources', index]
      const isTwice = seen.has(resource.externalId)
      seen.add(resource.externalId)
      return [
        ...(isTwice ? [refuse('VALUE_DUPLICATE', [...at, 'externalId'], 'This externalId is there twice.')] : []),
        ...checkResource(resource, at),
        ...checkType(resource.type, [...at, 'type']),
      ]
    }),
    ...(permissions ?? []).flatMap(({ name, resourceType }, index) => {
      const at = ['input', 'permissions', index]
      return [...checkText(name, { min: 1, max: 300 }, [...at, 'name']), ...checkType(resourceType, [...at, 'resourceType'])]
    }),
  ]
  return errors.slice(0, maxErrors)
}

function checkResource({ externalId, name, sourceTags, statusMessage }: GivenResource, at: Path): UserErrorValue[] {
  const tags = sourceTags ?? []
  if (tags.length > maxTags)
    return [refuse('VALUE_OUT_OF_BOUNDS', [...at, 'sourceTags'], `A resource has at most ${maxTags} tags; this one has ${tags.length}.`)]
  return [
    ...checkText(externalId, { min: 1, max: 500 }, [...at, 'externalId']),
    ...checkText(name, { min: 1, max: 500 }, [...at, 'name']),
    ...checkText(statusMessage, { min: 1, max: 2_000 }, [...at, 'statusMessage']),
    ...tags.flatMap(({ key, value }, index) => [
      ...checkText(key, { min: 1, max: 256 }, [...at, 'sourceTags', index, 'key']),
      ...checkText(value, { min: 0, max: 1_000 }, [...at, 'sourceTags', index, 'value']),
    ]),
  ]
}

/** Resources of a type that the integration has, and that is to be read. */
function typeCheck({ type: ofWhat, resourceTypes }: CatalogueEntry, { connectedResourceTypes }: IntegrationRow) {
  const known = resourceTypes.length > 0 ? new Set(resourceTypes) : null
  const connected = connectedResourceTypes && new Set(connectedResourceTypes)
  return (type: string, path: Path): UserErrorValue[] => {
    if (known && !known.has(type)) {
      return [refuse('INVALID_VALUE', path, `The type ${ofWhat} has no such resources. It has ${resourceTypes.join(', ')}.`)]
    }
    if (connected && !connected.has(type)) {
      return [refuse('INVALID_VALUE', path, `Only ${[...connected].join(', ')} are connected of this integration.`)]
    }
    return checkText(type, { min: 1, max: 100 }, path)
  }
}

function checkText(text: string | null | undefined, { min, max }: Limits, path: Path): UserErrorValue[] {
  if (text === null || text === undefined) return []
  if (text.length < min || text.length > max)
    return [refuse('VALUE_OUT_OF_BOUNDS', path, `This must have ${min} to ${max} characters; it has ${text.length}.`)]
  return /[\0\p{Cs}]/u.test(text) ? [refuse('VALUE_INCORRECT_FORMAT', path, 'This holds a character that cannot be stored.')] : []
}

const refuse = (code: UserErrorValue['code'], path: Path, message: string) => userError.validation(code, path, message)
