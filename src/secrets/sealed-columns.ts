import type { SealContext } from './keyring.ts'

/** A column that holds sealed records, and the columns that say whose each is. */
export interface SealedColumn {
  table: string
  column: string
  idColumn: string
  /** null for a table of the installation itself. */
  organizationColumn: string | null
}

/** Every column with sealed records: what the check on start and the rotation of encryption keys go through. A new one belongs here. */
export const sealedColumns = {
  signingKey: { table: 'SigningKey', column: 'sealedPrivate', idColumn: 'kid', organizationColumn: null },
  platformSecret: { table: 'PlatformSecret', column: 'sealed', idColumn: 'name', organizationColumn: null },
  awsCredential: { table: 'AwsCredential', column: 'sealedSecret', idColumn: 'id', organizationColumn: 'organizationId' },
  integrationSecret: { table: 'Integration', column: 'sealedSecret', idColumn: 'id', organizationColumn: 'organizationId' },
} as const satisfies Record<string, SealedColumn>

/** What a record of that column is sealed with. `organizationId` is null exactly where the column has no organizationColumn. */
export function sealContext({ table, column }: SealedColumn, recordId: string, organizationId: string | null = null): SealContext {
  return { organizationId, recordId, field: `${table}.${column}` }
}
