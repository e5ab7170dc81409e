import type { MemberStatus } from '../generated/prisma/enums.ts'
import { escapeLike } from '../platform/names.ts'
import { Where } from '../platform/pagination/page-source.ts'
import { foldEmail } from './email.ts'

export interface MemberConditions {
  email?: string | null
  emailContains?: string | null
  statuses?: MemberStatus[] | null
}

/** A filter of members as predicates. `email` and `status` are the columns, or what stands for them where the status takes a look-up. */
export function whereMember(filter: MemberConditions | null | undefined, columns: { email: string; hasStatus: string }): Where {
  return new Where()
    .add(`${columns.email} = ?`, filter?.email == null ? null : foldEmail(filter.email))
    .addSelective(`${columns.email} like ?`, filter?.emailContains == null ? null : `%${escapeLike(foldEmail(filter.emailContains))}%`)
    .addSelective(columns.hasStatus, filter?.statuses)
}
