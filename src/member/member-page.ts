import type { MemberStatus } from '../generated/prisma/enums.ts'
import { escapeLike, hasTrigram } from '../platform/names.ts'
import { Where } from '../platform/pagination/page-source.ts'
import { foldEmail } from './email.ts'

export interface MemberConditions {
  email?: string | null
  emailContains?: string | null
  statuses?: MemberStatus[] | null
}

/**
 * A filter of members as predicates. `email` is the column they are ordered by; `which` makes a condition on the table `m` of members one
 * on what is listed.
 */
export function whereMember(
  filter: MemberConditions | null | undefined,
  { email, which }: { email: string; which: (condition: string) => string },
): Where {
  return new Where()
    .add(`${email} = ?`, filter?.email == null ? null : foldEmail(filter.email))
    .addSelective(
      which('m."email" like ?'),
      filter?.emailContains == null ? null : `%${escapeLike(foldEmail(filter.emailContains))}%`,
      hasTrigram(filter?.emailContains),
    )
    .addSelective(which('m."status" = any(?::"MemberStatus"[])'), filter?.statuses)
}
