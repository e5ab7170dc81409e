import { ChangeKind } from '../generated/prisma/enums.ts'
import { describeEnum } from '../platform/enum.ts'

describeEnum(ChangeKind, 'ChangeKind', 'What happened to something.', {
  CREATED: 'It was made.',
  UPDATED: 'It changed.',
  DELETED: 'It is gone.',
})

export { ChangeKind }
