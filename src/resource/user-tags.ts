import { recordEvents } from '../audit/audit.ts'
import type { Context } from '../context.ts'
import { transaction } from '../platform/database/transaction.ts'
import { Refusal, refuseIfAny, type UserErrorValue, userError } from '../platform/errors.ts'
import { type ResourceRow, resourceColumns, resourceLoader } from './resource.loader.ts'

interface GivenTag {
  key: string
  value: string
}

const maxTags = 50
const maxKeyLength = 128
const maxValueLength = 256

/** Gives a resource exactly these tags. */
export function setUserTags(context: Context, { resourceId, tags }: { resourceId: string; tags: GivenTag[] }): Promise<ResourceRow> {
  return change(context, resourceId, checkTags(tags), '$3::jsonb', JSON.stringify(asObject(tags)), 'resource.setUserTags')
}

/** Adds tags, or gives those that are there another value. Of two callers at once with different keys, both win. */
export function addUserTags(context: Context, { resourceId, tags }: { resourceId: string; tags: GivenTag[] }): Promise<ResourceRow> {
  return change(context, resourceId, checkTags(tags), 'r."userTags" || $3::jsonb', JSON.stringify(asObject(tags)), 'resource.addUserTags')
}

/** Takes tags away. */
export function removeUserTags(context: Context, { resourceId, keys }: { resourceId: string; keys: string[] }): Promise<ResourceRow> {
  return change(context, resourceId, checkKeys(keys), 'r."userTags" - $3::text[]', keys, 'resource.removeUserTags')
}

/** `sql` makes the new tags out of the row as it is when it is locked, so that nobody's change is lost. */
async function change(
  context: Context,
  resourceId: string,
  problems: UserErrorValue[],
  sql: string,
  value: unknown,
  action: string,
): Promise<ResourceRow> {
  const notFound = () => new Refusal(userError.notFound(['input', 'resourceId'], 'resource'))
  const found = await resourceLoader(context).load(resourceId)
  if (!found) throw notFound()
  refuseIfAny(problems)
  const { organizationId, id } = found
  const changed = await transaction(context.db.pool, async (tx) => {
    await tx.query('select 1 from "Organization" where "id" = $1 for key share', [organizationId])
    const locked = await tx.query<ResourceRow>(
      `select ${resourceColumns} from "Resource" r where r."organizationId" = $1 and r."id" = $2 for no key update`,
      [organizationId, id],
    )
    const [before] = locked.rows
    if (!before) throw notFound()
    const { rows } = await tx.query<ResourceRow>(
      `update "Resource" r set "userTags" = ${sql} where r."organizationId" = $1 and r."id" = $2 and r."userTags" is distinct from (${sql})
       returning ${resourceColumns}`,
      [organizationId, id, value],
    )
    const [after] = rows
    if (!after) return before
    const count = Object.keys(after.userTags).length
    if (count > maxTags) throw new Refusal(tooMany(count))
    await recordEvents(tx, context, [
      { organizationId, action, subjectId: id, before: { userTags: before.userTags }, after: { userTags: after.userTags } },
    ])
    return after
  })
  context.loaders.clear()
  return changed
}

const asObject = (tags: GivenTag[]) => Object.fromEntries(tags.map(({ key, value }) => [key, value]))

const tooMany = (count: number) =>
  userError.validation('VALUE_OUT_OF_BOUNDS', ['input', 'tags'], `A resource has at most ${maxTags} tags; with these it has ${count}.`)

function checkTags(tags: GivenTag[]): UserErrorValue[] {
  if (tags.length > maxTags) return [tooMany(tags.length)]
  const keys = tags.map(({ key }) => key)
  return tags.flatMap(({ key, value }, index) => {
    const at = ['input', 'tags', index]
    const isTwice = keys.indexOf(key) < index
    return [
      ...(isTwice ? [userError.validation('VALUE_DUPLICATE', [...at, 'key'], 'This key is there twice.')] : []),
      ...checkText('key', key, 1, maxKeyLength, [...at, 'key']),
      ...checkText('value', value, 0, maxValueLength, [...at, 'value']),
    ]
  })
}

function checkKeys(keys: string[]): UserErrorValue[] {
  if (keys.length > maxTags) {
    const message = `At most ${maxTags} keys a call; these are ${keys.length}.`
    return [userError.validation('VALUE_OUT_OF_BOUNDS', ['input', 'keys'], message)]
  }
  return keys.flatMap((key, index) => checkText('key', key, 1, maxKeyLength, ['input', 'keys', index]))
}

function checkText(field: string, text: string, min: number, max: number, path: (string | number)[]): UserErrorValue[] {
  const { length } = [...text]
  if (length < min || length > max) {
    const message = `A ${field} must have ${min} to ${max} characters; this one has ${length}.`
    return [userError.validation('VALUE_OUT_OF_BOUNDS', path, message)]
  }
  if (!/[\p{Cc}\p{Cs}]/u.test(text)) return []
  return [userError.validation('VALUE_INCORRECT_FORMAT', path, `A ${field} must not contain control characters.`)]
}
