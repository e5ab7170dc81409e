import { GraphQLError, GraphQLScalarType, Kind } from 'graphql'
import { DateTimeResolver, JSONObjectResolver } from 'graphql-scalars'

export const DateTime = new GraphQLScalarType({
  ...DateTimeResolver.toConfig(),
  description: 'A point in time, RFC 3339 in UTC.',
  specifiedByURL: undefined,
})
export const JSONObject = new GraphQLScalarType({
  ...JSONObjectResolver.toConfig(),
  description: 'A JSON object.',
  specifiedByURL: undefined,
})

/**
 * A string with a meaning of its own. Its form is checked where it is used, so that a wrong one is a typed refusal with the path of the input
 * and not a GraphQL error.
 */
function textScalar(name: string, description: string): GraphQLScalarType<string, string> {
  const parse = (value: unknown): string => {
    if (typeof value !== 'string') throw new GraphQLError(`${name} must be a string.`, { extensions: { code: 'BAD_USER_INPUT' } })
    return value
  }
  return new GraphQLScalarType({
    name,
    description,
    serialize: String,
    parseValue: parse,
    parseLiteral: (node) => parse(node.kind === Kind.STRING ? node.value : undefined),
  })
}

export const AwsAccountId = textScalar('AwsAccountId', 'An AWS account id: 12 digits, leading zeros kept.')
export const Arn = textScalar('Arn', 'An Amazon Resource Name, such as arn:aws:iam::123456789012:role/Example.')
export const EmailAddress = textScalar('EmailAddress', 'An e-mail address of at most 90 characters. It is kept in lower case.')
export const DomainName = textScalar(
  'DomainName',
  'A domain name. Answers hold it in lower case and ASCII form (xn--), without a dot at the end.',
)
