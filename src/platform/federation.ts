import { buildSubgraphSchema } from '@apollo/subgraph'
import { printSchemaWithDirectives } from '@graphql-tools/utils'
import {
  type ConstDirectiveNode,
  type DocumentNode,
  defaultFieldResolver,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isInterfaceType,
  isObjectType,
  isUnionType,
  Kind,
  parse,
  parseConstValue,
  print,
  visit,
} from 'graphql'
import { createResolversMap } from 'type-graphql'
import { directResolver } from './direct-resolver.ts'

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@authenticated", "@requiresScopes"])

"Exactly one member of the input is given."
directive @oneOf on INPUT_OBJECT
`

export interface SubgraphOptions<Context, Requirement> {
  /** What a field declared (its `requires` extension) becomes in the SDL. */
  directivesOf(requirement: Requirement): { name: string; arguments?: Record<string, string> }[]
  /** Throws unless the caller meets it. */
  assertMeets(context: Context, requirement: Requirement): void
  /** The concrete type of any row that can stand where an interface or union does. */
  typeNameOf(value: unknown): string
  /** Loads the representations of one `_entities` call, in their order. */
  loadEntities(
    context: Context,
    representations: { __typename: string; [field: string]: unknown }[],
    info: GraphQLResolveInfo,
  ): Promise<unknown[]>
}

/** Makes a Federation 2 subgraph out of the code-first schema: its SDL, and an executable schema whose guarded fields refuse. */
export function buildSubgraph<Context, Requirement>(
  base: GraphQLSchema,
  options: SubgraphOptions<Context, Requirement>,
): { schema: GraphQLSchema; sdl: string } {
  const requirements = collectRequirements<Requirement>(base)
  const document = annotate(parse(printSchemaWithDirectives(base)), requirements, options)
  const sdl = `${link}\n${print(document)}\n`
  const schema = buildSubgraphSchema({ typeDefs: parse(sdl), resolvers: resolversOf(base, requirements, options) as never })
  replaceFederationFields(schema, sdl, options)
  return { schema, sdl }
}

const coordinate = (type: string, field: string) => `${type}.${field}`

/** Fails closed: a root field, or a list of another noun, that declares no requirement keeps the process from starting. */
function collectRequirements<Requirement>(base: GraphQLSchema): Map<string, Requirement> {
  const found = new Map<string, Requirement>()
  const roots = [base.getQueryType(), base.getMutationType(), base.getSubscriptionType()]
  for (const type of Object.values(base.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue
    for (const field of Object.values(type.getFields())) {
      const requirement = field.extensions.requires as Requirement | undefined
      if (requirement) found.set(coordinate(type.name, field.name), requirement)
      else if (
        roots.includes(type) ||
        String(field.type)
          .replaceAll(/[[\]!]/g, '')
          .endsWith('Connection')
      ) {
        throw new Error(
          `${type.name}.${field.name} declares no scope: give it @Requires, @RequiresSignIn or @RequiresPlatformAdministrator`,
        )
      }
    }
  }
  return found
}

function annotate<Context, Requirement>(
  document: DocumentNode,
  requirements: Map<string, Requirement>,
  options: SubgraphOptions<Context, Requirement>,
): DocumentNode {
  let typeName = ''
  return visit(document, {
    SchemaDefinition: () => null,
    ObjectTypeDefinition: {
      enter: (node) => {
        typeName = node.name.value
      },
      leave: () => {
        typeName = ''
      },
    },
    FieldDefinition: (node) => {
      const requirement = requirements.get(coordinate(typeName, node.name.value))
      if (!requirement) return undefined
      const added = options.directivesOf(requirement).map(({ name, arguments: args }) => directive(name, args))
      return { ...node, directives: [...(node.directives ?? []), ...added] }
    },
  })
}

function directive(name: string, args: Record<string, string> = {}): ConstDirectiveNode {
  return {
    kind: Kind.DIRECTIVE,
    name: { kind: Kind.NAME, value: name },
    arguments: Object.entries(args).map(([key, value]) => ({
      kind: Kind.ARGUMENT,
      name: { kind: Kind.NAME, value: key },
      value: parseConstValue(value),
    })),
  }
}

const isNode = (type: GraphQLObjectType) => type.getInterfaces().some(({ name }) => name === 'Node')

type Resolvers = Record<string, Record<string, unknown>>

function resolversOf<Context, Requirement>(
  base: GraphQLSchema,
  requirements: Map<string, Requirement>,
  options: SubgraphOptions<Context, Requirement>,
): Resolvers {
  const resolvers = createResolversMap(base) as Resolvers
  for (const type of Object.values(base.getTypeMap())) {
    if (type.name.startsWith('__')) continue
    // Interfaces carry no resolvers of their own: each object type has its fields'.
    if (isInterfaceType(type)) resolvers[type.name] = { __resolveType: options.typeNameOf }
    // What type-graphql makes of a union's own resolveType is asynchronous, which compiled queries do not wait for.
    if (isUnionType(type) && type.getTypes().every(isNode)) resolvers[type.name] = { __resolveType: options.typeNameOf }
    if (!isObjectType(type)) continue
    const fields = resolvers[type.name] ?? {}
    resolvers[type.name] = fields
    for (const field of Object.values(type.getFields())) {
      const requirement = requirements.get(coordinate(type.name, field.name))
      if (requirement) {
        const resolve = field.resolve && directResolver(type.name, field.name, field.resolve)
        fields[field.name] = guarded(resolve ? { resolve } : {}, requirement, options)
      }
      if (requirement && field.subscribe) {
        // Asked when the subscription begins and again for each event.
        fields[field.name] = {
          subscribe: guarded({ resolve: field.subscribe }, requirement, options),
          resolve: guarded(field, requirement, options),
        }
      }
      if (type.name.endsWith('Connection') && field.name === 'totalCount')
        fields.totalCount = (source: { totalCount(): Promise<number> }) => source.totalCount()
    }
  }
  return resolvers
}

function guarded<Context, Requirement>(
  field: Pick<GraphQLField<unknown, Context>, 'resolve'>,
  requirement: Requirement,
  { assertMeets }: SubgraphOptions<Context, Requirement>,
): GraphQLFieldResolver<unknown, Context> {
  const resolve = field.resolve ?? defaultFieldResolver
  return (source, args, context, info) => {
    assertMeets(context, requirement)
    return resolve(source, args, context, info)
  }
}

/** One set-wise load a call instead of a resolver a reference, and the SDL as it is kept instead of one printed anew. */
function replaceFederationFields<Context, Requirement>(
  schema: GraphQLSchema,
  sdl: string,
  options: SubgraphOptions<Context, Requirement>,
): void {
  const { _entities, _service } = schema.getQueryType()?.getFields() ?? {}
  const union = schema.getType('_Entity')
  if (!_entities || !_service || !union) throw new Error('the schema has no entities')
  _entities.resolve = (_source, args, context, info) => options.loadEntities(context as Context, args.representations, info)
  _service.resolve = () => ({ sdl })
  Object.assign(union, { resolveType: options.typeNameOf })
}
