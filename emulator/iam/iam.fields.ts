import { z } from 'zod'
import { inWords } from '../validation.ts'

const nameWords = (member: string) =>
  inWords(`The specified value for ${member} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-`)
const documentText = /^[\t\n\r\u0020-\u00FF]+$/

export const roleName = name('roleName', 64)
export const policyName = name('policyName', 128)
export const path = z
  .string()
  .max(512)
  .regex(/^(\/|\/[\u0021-\u007E]+\/)$/, {
    message: inWords(
      'The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.',
    ),
  })
export const policyDocument = z
  .string()
  .min(1)
  .max(131_072)
  .regex(documentText, { message: inWords('The specified value for policyDocument is invalid.') })
export const tags = list(z.object({ Key: z.string().min(1).max(128), Value: z.string().max(256) }), 50)
export const arn = z.string().min(20).max(2048)

/** IAM's paging: at most 1,000 a page, 100 unless asked otherwise. */
export const paging = { MaxItems: z.coerce.number().int().min(1).max(1000).default(100), Marker: z.string().min(1).optional() }

/** Lists arrive as an array, an empty one as empty text. */
export function list<Item extends z.ZodType>(item: Item, maxItems = 1000) {
  return z.preprocess((value) => (value === '' ? [] : value), z.array(item).max(maxItems))
}

export function toTags(pairs: { Key: string; Value: string }[] | undefined): ReadonlyMap<string, string> | undefined {
  return pairs?.length ? new Map(pairs.map(({ Key, Value }) => [Key, Value])) : undefined
}

/** As an answer lists them; undefined (left out) where there are none. */
export function fromTags(tags: ReadonlyMap<string, string> | undefined): { Key: string; Value: string }[] | undefined {
  return tags && [...tags].map(([Key, Value]) => ({ Key, Value }))
}

function name(member: string, maxCharacters: number) {
  return z
    .string()
    .min(1)
    .max(maxCharacters)
    .regex(/^[\w+=,.@-]+$/, { message: nameWords(member) })
}
