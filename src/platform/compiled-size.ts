import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'

interface Size {
  fields: number
  /** The levels above each of the fields, added up. */
  levels: number
}

/**
 * The work of compiling an operation, in fields that are written out, each a tenth more for every level above it. Fragments are written
 * out wherever they are spread, and below an interface or union once for each of its types: a document of a few lines can so come to
 * billions. Infinity past `limit`.
 */
export function compiledSize(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, limit: number): number {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  }
  // What was measured once is not walked again, so that measuring takes no longer than reading the document.
  const measured = new Map<SelectionSetNode, Map<GraphQLObjectType, Size>>()

  const measure = (selectionSet: SelectionSetNode, type: GraphQLObjectType): Size => {
    const byType = measured.get(selectionSet) ?? new Map<GraphQLObjectType, Size>()
    measured.set(selectionSet, byType)
    const known = byType.get(type)
    if (known) return known
    const size: Size = { fields: 0, levels: 0 }
    for (const selection of selectionSet.selections) {
      if (selection.kind === Kind.FIELD) {
        size.fields += 1
        for (const below of membersBelow(selection, type)) {
          size.fields += below.fields
          size.levels += below.levels + below.fields
        }
      } else {
        const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection
        if (!fragment || !applies(fragment.typeCondition?.name.value, type)) continue
        const spread = measure(fragment.selectionSet, type)
        size.fields += spread.fields
        size.levels += spread.levels
      }
    }
    if (size.fields > limit) size.fields = Number.POSITIVE_INFINITY
    byType.set(type, size)
    return size
  }
  const membersBelow = ({ name, selectionSet }: FieldNode, parent: GraphQLObjectType): Size[] => {
    const field = selectionSet && parent.getFields()[name.value]
    if (!field) return []
    const type = getNamedType(field.type)
    if (isObjectType(type)) return [measure(selectionSet, type)]
    return isAbstractType(type) ? schema.getPossibleTypes(type).map((member) => measure(selectionSet, member)) : []
  }
  const applies = (condition: string | undefined, type: GraphQLObjectType): boolean => {
    if (condition === undefined || condition === type.name) return true
    const conditional = schema.getType(condition)
    return isAbstractType(conditional) && schema.isSubType(conditional, type)
  }
  const root = schema.getRootType(operation.operation)
  if (!root) return 0
  const { fields, levels } = measure(operation.selectionSet, root)
  const size = fields + levels / 10
  return size > limit ? Number.POSITIVE_INFINITY : size
}
