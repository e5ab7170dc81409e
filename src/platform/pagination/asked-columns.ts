import {
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  getNamedType,
  isAbstractType,
  isObjectType,
  Kind,
  type SelectionNode,
} from 'graphql'
import { LRUCache } from 'lru-cache'
import { type Statement, shapedStatement } from '../statement.ts'

/** The columns of a row that an operation looks at, in alphabetical order with commas between. Null: any of them may be needed. */
export type Asked = string | null

/** What any resolver may read of a row that was read in part: who it is, whose, and of which type. */
export const alwaysRead: readonly string[] = ['id', 'organizationId', 'kind']

const none: Asked = ''

// A field of a document asks for the same each time, and documents are kept and used again.
const known = new WeakMap<FieldNode, Asked>()

/**
 * What the nodes of a connection are asked for. Two kinds of fields are understood: those without a resolver, which show a column, and
 * lists, which start from id and organization of their parent. Any other field may need the whole row.
 */
export function askedOfNodes(info: GraphQLResolveInfo): Asked {
  const ofField = (node: FieldNode): Asked => {
    let asked = known.get(node)
    if (asked === undefined) {
      asked = union(node.selectionSet?.selections ?? [], (selection) => ofConnection(selection, info))
      known.set(node, asked)
    }
    return asked
  }
  const [only, ...others] = info.fieldNodes
  return only && others.length === 0 ? ofField(only) : union(info.fieldNodes, ofField)
}

/** What things of one object type are asked for below a field that gives an interface or a union. */
export function askedOfType(info: GraphQLResolveInfo, typeName: string): Asked {
  const type = info.schema.getType(typeName)
  if (!isObjectType(type)) return null
  const ofSelection = (selection: SelectionNode): Asked => {
    if (selection.kind === Kind.FIELD) return ofNode(selection, type, info)
    const condition =
      selection.kind === Kind.FRAGMENT_SPREAD ? info.fragments[selection.name.value]?.typeCondition : selection.typeCondition
    const conditional = condition && info.schema.getType(condition.name.value)
    // Another object type's fragment says nothing of this one.
    if (isObjectType(conditional) && conditional !== type) return none
    return union(fragmentOf(selection, info), ofSelection)
  }
  return union(
    info.fieldNodes.flatMap(({ selectionSet }) => selectionSet?.selections ?? []),
    ofSelection,
  )
}

/** Whether nothing but the nodes of a connection is asked for, and perhaps their number: neither edges, which may tell more, nor cursors. */
export function asksForNodesOnly({ fieldNodes, fragments }: GraphQLResolveInfo): boolean {
  const [only, ...others] = fieldNodes
  const found = only && others.length === 0 ? ofNodesOnly.get(only) : undefined
  if (found !== undefined) return found
  const isOfNodes = (selection: SelectionNode): boolean =>
    selection.kind === Kind.FIELD
      ? !['edges', 'pageInfo'].includes(selection.name.value)
      : ((selection.kind === Kind.FRAGMENT_SPREAD ? fragments[selection.name.value] : selection)?.selectionSet.selections.every(
          isOfNodes,
        ) ?? true)
  const isAsked = fieldNodes.every(({ selectionSet }) => selectionSet?.selections.every(isOfNodes) ?? true)
  if (only && others.length === 0) ofNodesOnly.set(only, isAsked)
  return isAsked
}
const ofNodesOnly = new WeakMap<FieldNode, boolean>()

/** A statement that holds a list of columns, with those of it that are asked for. */
export function narrowed(statement: Statement, columns: string, asked: Asked): { name?: string; text: string } {
  return asked !== null ? shapedStatement(statement.text.replace(columns, pickColumns(columns, asked))) : statement
}

/**
 * Of a list of columns (`x."id", …, … as "name"`) those that are asked for, those an order needs (`orderSql`, for cursors) and what is
 * always read; all of them where that is not enough.
 */
export function pickColumns(columns: string, asked: Asked, orderSql: readonly string[] = []): string {
  if (asked === null) return columns
  const key = `${asked} ${orderSql} ${columns}`
  let known = picked.get(key)
  if (known === undefined) {
    known = pick(columns, asked, orderSql)
    picked.set(key, known)
  }
  return known
}
const picked = new LRUCache<string, string>({ max: 1000 })

function pick(columns: string, asked: string, orderSql: readonly string[]): string {
  const names = namesOf(asked)
  const all = splitColumns(columns)
  const listed = new Set(all.values())
  if (!names.every((name) => all.has(name)) || !orderSql.every((sql) => listed.has(sql))) return columns
  const wanted = new Set(all.has('id') ? [...alwaysRead, ...names] : names)
  return [...all].flatMap(([name, sql]) => (wanted.has(name) || orderSql.includes(sql) ? [sql] : [])).join(', ')
}

/** The SQL of each column by the name it has in the row. */
export function splitColumns(columns: string): Map<string, string> {
  let known = split.get(columns)
  if (!known) {
    // At commas outside of parentheses.
    const parts = columns.match(/(?:[^,()]|\((?:[^()]|\([^()]*\))*\))+/g) ?? []
    known = new Map(parts.map((sql) => [/"(\w+)"\s*$/.exec(sql)?.[1] ?? '', sql.trim()]))
    split.set(columns, known)
  }
  return known
}
const split = new Map<string, Map<string, string>>()

function ofConnection(selection: SelectionNode, info: GraphQLResolveInfo): Asked {
  if (selection.kind !== Kind.FIELD) return union(fragmentOf(selection, info), (inner) => ofConnection(inner, info))
  const { name, selectionSet } = selection
  if (['totalCount', 'pageInfo', '__typename'].includes(name.value)) return none
  if (name.value === 'edges') return union(selectionSet?.selections ?? [], (inner) => ofEdge(inner, info))
  return name.value === 'nodes' ? ofNodes(selectionSet?.selections, info) : null
}

function ofEdge(selection: SelectionNode, info: GraphQLResolveInfo): Asked {
  if (selection.kind !== Kind.FIELD) return union(fragmentOf(selection, info), (inner) => ofEdge(inner, info))
  const { name, selectionSet } = selection
  // Whatever else an edge tells is not of its node.
  return name.value === 'node' ? ofNodes(selectionSet?.selections, info) : none
}

function ofNodes(selections: readonly SelectionNode[] = [], info: GraphQLResolveInfo): Asked {
  const connection = getNamedType(info.returnType)
  const type = isObjectType(connection) ? connection.getFields().nodes?.type : undefined
  return type ? union(selections, (selection) => ofNode(selection, type, info)) : null
}

function ofNode(selection: SelectionNode, type: GraphQLOutputType, info: GraphQLResolveInfo): Asked {
  if (selection.kind !== Kind.FIELD) return union(fragmentOf(selection, info), (inner) => ofNode(inner, type, info))
  const name = selection.name.value
  if (name === '__typename') return none
  return union(objectTypesOf(type, info), (objectType) => {
    const field = objectType.getFields()[name]
    // A field of one member of an interface is no field of the others.
    if (!field) return none
    if (!field.resolve) return name
    return getNamedType(field.type).name.endsWith('Connection') ? none : null
  })
}

function fragmentOf(selection: Exclude<SelectionNode, FieldNode>, { fragments }: GraphQLResolveInfo): readonly SelectionNode[] {
  const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments[selection.name.value] : selection
  return fragment?.selectionSet.selections ?? []
}

function objectTypesOf(type: GraphQLOutputType, { schema }: GraphQLResolveInfo): readonly GraphQLObjectType[] {
  const named = getNamedType(type)
  if (isObjectType(named)) return [named]
  return isAbstractType(named) ? schema.getPossibleTypes(named) : []
}

function union<Item>(items: readonly Item[], askedOf: (item: Item) => Asked): Asked {
  const names = new Set<string>()
  for (const item of items) {
    const asked = askedOf(item)
    if (asked === null) return null
    for (const name of namesOf(asked)) names.add(name)
  }
  return [...names].sort().join(',')
}

const namesOf = (asked: string) => (asked === '' ? [] : asked.split(','))
