import { Field, Int, InterfaceType, ObjectType, registerEnumType } from 'type-graphql'
import { Node } from './node.type.ts'

const codes = {
  NOT_FOUND: 'The id names nothing the caller may see.',
  REQUIRED_VALUE_MISSING: 'A value is required here; null or absent is refused.',
  VALUE_INCORRECT_TYPE: 'The value is of the wrong type.',
  VALUE_INCORRECT_FORMAT: 'The value does not have the required form.',
  VALUE_OUT_OF_BOUNDS: 'Too small, too large, too short, too long, too few or too many.',
  VALUE_DUPLICATE: 'The value is taken, or was given twice.',
  INVALID_VALUE: 'The value does not fit here.',
  INVALID_TRANSITION: 'The lifecycle does not allow this from the present state.',
  CONFLICT: 'It changed since it was read.',
  IMMUTABLE_FIELD: 'This cannot be changed once set.',
  PRECONDITION_FAILED: 'Something else has to be done first.',
  VERIFICATION_FAILED: 'AWS is not set up as it has to be.',
  UPSTREAM_UNAVAILABLE: 'A third party did not answer; nothing changed.',
  QUOTA_EXCEEDED: 'The organization has as many as it may have.',
} as const
export const UserErrorCode = Object.fromEntries(Object.keys(codes).map((code) => [code, code])) as { [Code in keyof typeof codes]: Code }
registerEnumType(UserErrorCode, {
  name: 'UserErrorCode',
  description: 'What kind of refusal it is: stable, for programs.',
  valuesConfig: Object.fromEntries(Object.entries(codes).map(([code, description]) => [code, { description }])),
})

@InterfaceType({ description: 'A refusal the caller can act on.' })
export abstract class UserError {
  @Field(() => UserErrorCode, { description: 'Stable, for programs.' })
  code!: keyof typeof UserErrorCode

  @Field(() => String, { description: 'For people: what is wrong and how to mend it.' })
  message!: string

  @Field(() => [String], {
    description: 'Where in the arguments: names and, for lists, indices as decimal strings, beginning with "input".',
  })
  path!: string[]

  @Field(() => String, { nullable: true, description: 'Where to read more.' })
  documentationUrl!: string | null
}

const refusal = (description: string) => ({ implements: UserError, description, simpleResolvers: true })

@ObjectType(refusal('A value of the input is missing, malformed or does not fit.'))
export class ValidationError extends UserError {}

@ObjectType(refusal('An id names nothing the caller may see: unknown, deleted, or of another organization.'))
export class NotFoundError extends UserError {}

@ObjectType(refusal('Something of that name is there already.'))
export class DuplicateError extends UserError {
  @Field(() => Node, { nullable: true, description: 'What is there already; never of another organization.' })
  existing!: Node | null
}

@ObjectType(refusal('It changed since it was read, or another call came first. Nothing was changed.'))
export class ConflictError extends UserError {
  @Field(() => Int, { nullable: true, description: 'The version it is at now.' })
  currentVersion!: number | null
}

@ObjectType(refusal('Something else has to be done first.'))
export class PreconditionError extends UserError {
  @Field(() => String, { nullable: true, description: 'What to do first.' })
  remediation!: string | null

  @Field(() => [Node], { nullable: true, description: 'What stands in the way.' })
  blockers!: Node[] | null
}

@ObjectType(refusal('The lifecycle does not allow this action now.'))
export class TransitionError extends UserError {
  @Field(() => String, { description: 'The state it is in.' })
  fromState!: string

  @Field(() => [String], { description: 'What it would allow.' })
  allowedActions!: string[]
}

@ObjectType(refusal('A third party did not answer, or not usably. Nothing was changed.'))
export class UpstreamError extends UserError {
  @Field(() => String, { description: 'Who did not answer, e.g. "sts".' })
  service!: string

  @Field(() => Boolean, { description: 'Whether the same call may succeed later.' })
  retryable!: boolean
}

@ObjectType(refusal('The organization has as many as it may have.'))
export class QuotaError extends UserError {
  @Field(() => Int, { description: 'How many it may have.' })
  limit!: number
}
