import { z } from 'zod'
import { uuid } from './identifiers.ts'

const where = {
  /** iam, sts, access-analyzer, cloudtrail, lambda, sso, resource-explorer-2, s3, ec2, tagging; absent: any. */
  service: z.string().optional(),
  operation: z.string().optional(),
  accountId: z.string().optional(),
  /** How many calls it strikes, then it is gone; absent: until it is removed. */
  times: z.number().int().min(1).optional(),
  /** Share of the matching calls that it strikes. */
  probability: z.number().min(0).max(1).default(1),
}
const delayMs = z.number().int().min(0).max(600_000)

/** A fault as tests and `POST /_emulator/faults` describe it. */
export const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('silent'), ...where }),
  z.strictObject({ kind: z.literal('slow'), delayMs, ...where }),
  z.strictObject({
    kind: z.literal('throttle'),
    httpStatus: z.union([z.literal(400), z.literal(429), z.literal(503)]).optional(),
    ...where,
  }),
  z.strictObject({ kind: z.literal('refuse'), ...where }),
  z.strictObject({ kind: z.literal('error500'), ...where }),
  z.strictObject({ kind: z.literal('reset'), ...where }),
  z.strictObject({ kind: z.literal('delayVisibility'), delayVisibilityMs: delayMs, ...where }),
])
export type Fault = z.output<typeof faultSchema>
export type FaultInput = z.input<typeof faultSchema>
type Kind = Fault['kind']
type Of<K extends Kind> = Extract<Fault, { kind: K }>

/** The call that a fault may strike. `accountId` is `-` where the caller's account is unknown. */
export interface Subject {
  service: string
  operation: string
  accountId: string
}

/** The faults in force, in the order they were added. */
export class Faults {
  readonly #faults = new Map<string, Fault>()
  readonly #random: () => number

  constructor(random: () => number) {
    this.#random = random
  }

  /** Returns the id to remove it by. Throws on a fault of another form. */
  add(fault: FaultInput): string {
    const id = uuid()
    this.#faults.set(id, faultSchema.parse(fault))
    return id
  }

  remove(id: string): boolean {
    return this.#faults.delete(id)
  }

  clear(): void {
    this.#faults.clear()
  }

  list(): ({ id: string } & Fault)[] {
    return [...this.#faults].map(([id, fault]) => ({ id, ...fault }))
  }

  /** The first fault of one of these kinds that strikes the call; it counts as used. */
  strike<K extends Kind>(subject: Subject, kinds: readonly K[]): Of<K> | undefined {
    for (const [id, fault] of this.#faults) {
      if (!isOneOf(fault, kinds) || !isAbout(fault, subject) || this.#random() >= fault.probability) continue
      if (fault.times !== undefined) this.#use(id, fault)
      return fault
    }
    return undefined
  }

  #use(id: string, fault: Fault): void {
    const times = (fault.times ?? 1) - 1
    if (times === 0) this.#faults.delete(id)
    else this.#faults.set(id, { ...fault, times })
  }
}

function isOneOf<K extends Kind>(fault: Fault, kinds: readonly K[]): fault is Of<K> {
  return (kinds as readonly Kind[]).includes(fault.kind)
}

function isAbout(fault: Fault, subject: Subject): boolean {
  return (
    (fault.service ?? subject.service) === subject.service &&
    (fault.operation ?? subject.operation) === subject.operation &&
    (fault.accountId ?? subject.accountId) === subject.accountId
  )
}
