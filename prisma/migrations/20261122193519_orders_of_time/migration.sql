-- Every order has an index of its own: those by time begin with it, so that `since` and `until` of the audit trail are ranges of its order.

-- DropIndex
DROP INDEX "AuditEvent_organizationId_subjectId_id_idx";

-- DropIndex
DROP INDEX "AuditEvent_organizationId_action_id_idx";

-- DropIndex
DROP INDEX "AuditEvent_organizationId_actorSubject_id_idx";

-- DropIndex
DROP INDEX "AuditEvent_organizationId_id_key";

-- DropIndex
DROP INDEX "Integration_organizationId_connectorId_idx";

-- AlterTable
ALTER TABLE "AuditEvent" ALTER COLUMN "at" SET DEFAULT clock_timestamp();

-- AlterTable
ALTER TABLE "AwsAccount" ADD COLUMN     "lastScanAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- CreateIndex
CREATE INDEX "AuditEvent_organizationId_at_id_idx" ON "AuditEvent"("organizationId", "at", "id");

-- CreateIndex
CREATE INDEX "AuditEvent_organizationId_subjectId_at_id_idx" ON "AuditEvent"("organizationId", "subjectId", "at", "id");

-- CreateIndex
CREATE INDEX "AuditEvent_organizationId_action_at_id_idx" ON "AuditEvent"("organizationId", "action", "at", "id");

-- CreateIndex
CREATE INDEX "AuditEvent_organizationId_actorSubject_at_id_idx" ON "AuditEvent"("organizationId", "actorSubject", "at", "id");

-- CreateIndex
CREATE INDEX "Integration_organizationId_connectorId_name_idx" ON "Integration"("organizationId", "connectorId", "name");

-- CreateIndex
CREATE INDEX "AwsAccount_organizationId_lastCompleteScanAt_idx" ON "AwsAccount"("organizationId", "lastCompleteScanAt");

-- By hand:

-- What was never read comes before everything that was.
CREATE INDEX "Integration_last_sync" ON "Integration" ("organizationId", (coalesce("lastSyncAt", '-infinity')), "id");

-- Accounts of which some roles may have been seen since the last complete scan.
CREATE INDEX "AwsAccount_partly_seen" ON "AwsAccount" ("organizationId")
  WHERE "lastCompleteScanAt" IS NULL OR "lastScanAt" > "lastCompleteScanAt";

CREATE INDEX "AwsRole_seen_apart" ON "AwsRole" ("organizationId", "awsAccountId", "lastSeenAt", "name", "id") WHERE "status" = 'OK';
CREATE INDEX "AwsRole_missing_last_seen" ON "AwsRole" ("organizationId", "lastSeenAt", "name", "id") WHERE "status" = 'MISSING';
