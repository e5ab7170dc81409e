import { z } from 'zod'
import { decodeMarker, encodeMarker } from '../identifiers.ts'
import { inventoryOf } from '../inventory.ts'
import { operation, type Service } from '../service.ts'
import { inWords } from '../validation.ts'

const form = z
  .object({
    ResourceARNList: z.array(z.string().min(1).max(1011)).min(1).max(100).optional(),
    ResourceTypeFilters: z.array(z.string().max(256)).max(100).optional(),
    ResourcesPerPage: z.number().int().min(1).max(100).optional(),
    PaginationToken: z.string().optional(),
  })
  .refine(
    (input) => !input.ResourceARNList || (!input.ResourceTypeFilters && !input.ResourcesPerPage && !input.PaginationToken),
    inWords('ResourceARNList cannot be given together with filters or pagination parameters.'),
  )

/** The Resource Groups Tagging API: tags of what has any, in one region. Like AWS's it knows none of IAM roles. */
export const tagging: Service = {
  name: 'tagging',
  actionPrefix: 'tag',
  protocol: 'json',
  timestamps: 'epochSeconds',
  refusals: {
    invalid: { code: 'InvalidParameterException', status: 400 },
    throttled: { code: 'ThrottledException', status: 400 },
    internal: { code: 'InternalServiceException', status: 500 },
  },
  operations: [
    operation({
      name: 'GetResources',
      input: form,
      handle({ ResourceARNList, ResourceTypeFilters, ResourcesPerPage = 50, PaginationToken }, { account, region, nowMs }) {
        const after = PaginationToken ? decodeMarker(PaginationToken) : undefined
        const found = inventoryOf(account, nowMs).filter(
          (item) =>
            item.region === region &&
            !item.isGlobal &&
            Object.keys(item.tags).length > 0 &&
            (ResourceARNList === undefined || ResourceARNList.includes(item.arn)) &&
            (ResourceTypeFilters === undefined ||
              ResourceTypeFilters.some((type) => type === item.type || type === item.type.split(':')[0])) &&
            (after === undefined || item.arn > after),
        )
        const page = ResourceARNList ? found : found.slice(0, ResourcesPerPage)
        return {
          ResourceTagMappingList: page.map(({ arn, tags }) => ({
            ResourceARN: arn,
            Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
          })),
          PaginationToken: found.length > page.length ? encodeMarker(page.at(-1)?.arn ?? '') : '',
        }
      },
    }),
  ],
}
