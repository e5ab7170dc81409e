import {
  type DocumentNode,
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

/**
 * How many fields a compiler has to write out for an operation: fragments are written out wherever they are spread, and below an
 * interface or union once for each of its types. A document of a few lines can so come to billions. Ends early, with Infinity, past `limit`.
 */
export function generatedFields(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, limit: number): number {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  }
  // What was counted once is not walked again, so that the count itself takes no longer than reading the document.
  const counted = new Map<SelectionSetNode, Map<GraphQLObjectType, number>>()

  const count = (selectionSet: SelectionSetNode, type: GraphQLObjectType): number => {
    const byType = counted.get(selectionSet) ?? new Map<GraphQLObjectType, number>()
    counted.set(selectionSet, byType)
    const known = byType.get(type)
    if (known !== undefined) return known
    let fields = 0
    for (const selection of selectionSet.selections) {
      if (selection.kind === Kind.FIELD) fields += 1 + below(selection.selectionSet, type, selection.name.value)
      else {
        const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection
        if (fragment && applies(fragment.typeCondition?.name.value, type)) fields += count(fragment.selectionSet, type)
      }
    }
    const capped = fields > limit ? Number.POSITIVE_INFINITY : fields
    byType.set(type, capped)
    return capped
  }
  const below = (selectionSet: SelectionSetNode | undefined, parent: GraphQLObjectType, fieldName: string): number => {
    const field = selectionSet && parent.getFields()[fieldName]
    if (!field) return 0
    const type = getNamedType(field.type)
    if (isObjectType(type)) return count(selectionSet, type)
    return isAbstractType(type) ? schema.getPossibleTypes(type).reduce((sum, member) => sum + count(selectionSet, member), 0) : 0
  }
  const applies = (condition: string | undefined, type: GraphQLObjectType): boolean => {
    if (condition === undefined || condition === type.name) return true
    const conditional = schema.getType(condition)
    return isAbstractType(conditional) && schema.isSubType(conditional, type)
  }
  const root = schema.getRootType(operation.operation)
  return root ? count(operation.selectionSet, root) : 0
}
