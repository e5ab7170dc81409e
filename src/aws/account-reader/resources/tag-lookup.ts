import { GetResourcesCommand } from '@aws-sdk/client-resource-groups-tagging-api'
import PQueue from 'p-queue'
import type { RoleTag } from '../../aws.type.ts'
import type { RoleSession } from '../../verification/assume-role.ts'
import { callAws } from '../pages.ts'
import { AwsProblem } from '../problem.ts'
import type { Reading } from '../reading.ts'
import { type Located, tagsOf } from './seen-resource.ts'

/** As many ARNs as one call may name. */
const arnsACall = 100
const callsAtOnce = 4

/** Tags of what came without them, by the tagging API of the region it lies in. */
export class TagLookup {
  /** Why they are not known, by region. */
  readonly problems = new Map<string, AwsProblem>()
  readonly #queue = new PQueue({ concurrency: callsAtOnce })

  constructor(
    readonly reading: Reading,
    readonly session: RoleSession,
  ) {}

  /** The same with their tags, as far as they could be had. */
  async complete(resources: Located[]): Promise<Located[]> {
    const arns = new Map<string, string[]>()
    for (const { arn, region, tags } of resources)
      if (tags === undefined && region !== null) arns.set(region, [...(arns.get(region) ?? []), arn])
    const calls = [...arns].flatMap(([region, all]) => chunks(all).map((some) => () => this.#read(region, some)))
    const known = new Map((await this.#queue.addAll(calls)).flat())
    return resources.map((resource) => (resource.tags ? resource : { ...resource, tags: known.get(resource.arn) }))
  }

  async #read(region: string, arns: string[]): Promise<[string, RoleTag[]][]> {
    if (this.problems.has(region)) return []
    try {
      const client = await this.reading.clients.tagging(region, this.session.credentials)
      const send = (options: { abortSignal: AbortSignal }) => client.send(new GetResourcesCommand({ ResourceARNList: arns }), options)
      const { ResourceTagMappingList = [] } = await callAws(this.reading, 'The tagging API', `tag:GetResources in ${region}`, send)
      const tags = new Map(ResourceTagMappingList.map(({ ResourceARN, Tags }) => [ResourceARN, tagsOf(Tags)]))
      // It names what has tags, and what once had some.
      return arns.map((arn) => [arn, tags.get(arn) ?? []])
    } catch (error) {
      if (!(error instanceof AwsProblem)) throw error
      this.problems.set(region, error)
      return []
    }
  }
}

function chunks(arns: string[]): string[][] {
  return Array.from({ length: Math.ceil(arns.length / arnsACall) }, (_, index) => arns.slice(index * arnsACall, (index + 1) * arnsACall))
}
