-- Text is compared by code point (COLLATE "C") whatever the database's locale: pages are cut by (column, id), and an order that
-- changes with the operating system's library would skip or repeat rows, and break indexes. Foreign keys compare the same way.

-- CreateEnum
CREATE TYPE "AwsRoleStatus" AS ENUM ('OK', 'MISSING');

-- CreateEnum
CREATE TYPE "AwsSyncState" AS ENUM ('NA', 'INITIALIZING', 'SUCCEEDED', 'SUCCEEDED_WITH_WARNING', 'FAILED', 'DISABLED');

-- AlterTable
ALTER TABLE "AwsAccount" ADD COLUMN     "lastCompleteScanAt" TIMESTAMPTZ(3),
ADD COLUMN     "lastSyncAt" TIMESTAMPTZ(3),
ADD COLUMN     "scanOwner" TEXT COLLATE "C",
ADD COLUMN     "scanUntil" TIMESTAMPTZ(3),
ADD COLUMN     "syncStatusMessage" TEXT COLLATE "C";

-- CreateTable
CREATE TABLE "AwsCredential" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "accountName" TEXT COLLATE "C" NOT NULL,
    "accessKeyId" TEXT COLLATE "C" NOT NULL,
    "sealedSecret" TEXT COLLATE "C" NOT NULL,
    "awsAccountId" TEXT COLLATE "C",
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "rotatedAt" TIMESTAMPTZ(3),
    "lastUsedAt" TIMESTAMPTZ(3),

    CONSTRAINT "AwsCredential_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "AwsRole" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "awsAccountId" TEXT COLLATE "C" NOT NULL,
    "roleId" TEXT COLLATE "C" NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "arn" TEXT COLLATE "C" NOT NULL,
    "path" TEXT COLLATE "C" NOT NULL,
    "description" TEXT COLLATE "C",
    "maxSessionDuration" INTEGER NOT NULL,
    "trustPolicy" JSONB NOT NULL,
    "tags" JSONB,
    "status" "AwsRoleStatus" NOT NULL DEFAULT 'OK',
    "discoveredById" TEXT COLLATE "C",
    "firstSeenAt" TIMESTAMPTZ(3) NOT NULL,
    "lastSeenAt" TIMESTAMPTZ(3) NOT NULL,
    "missingSince" TIMESTAMPTZ(3),
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "AwsRole_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "UserGroupAwsRole" (
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "userGroupId" TEXT COLLATE "C" NOT NULL,
    "awsRoleId" TEXT COLLATE "C" NOT NULL,
    "grantedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "UserGroupAwsRole_pkey" PRIMARY KEY ("organizationId","userGroupId","awsRoleId")
);

-- CreateTable
CREATE TABLE "AwsSync" (
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "state" "AwsSyncState" NOT NULL DEFAULT 'NA',
    "statusMessage" TEXT COLLATE "C",
    "outcome" "AwsSyncState" NOT NULL DEFAULT 'NA',
    "outcomeMessage" TEXT COLLATE "C",
    "lastSyncAt" TIMESTAMPTZ(3),
    "lastSuccessAt" TIMESTAMPTZ(3),
    "nextSyncAt" TIMESTAMPTZ(3),
    "lastOperationId" TEXT COLLATE "C",

    CONSTRAINT "AwsSync_pkey" PRIMARY KEY ("organizationId")
);

-- CreateTable
CREATE TABLE "AwsAccountSync" (
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "operationId" TEXT COLLATE "C" NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "awsAccountId" TEXT COLLATE "C",
    "credentialId" TEXT COLLATE "C",
    "accountName" TEXT COLLATE "C" NOT NULL,
    "succeeded" BOOLEAN NOT NULL,
    "hasWarning" BOOLEAN NOT NULL,
    "statusMessage" TEXT COLLATE "C",
    "rolesFound" INTEGER NOT NULL,
    "finishedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "AwsAccountSync_pkey" PRIMARY KEY ("operationId","ordinal")
);

-- CreateIndex
CREATE INDEX "AwsCredential_organizationId_awsAccountId_accountName_idx" ON "AwsCredential"("organizationId", "awsAccountId", "accountName");

-- CreateIndex
CREATE UNIQUE INDEX "AwsCredential_organizationId_id_key" ON "AwsCredential"("organizationId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "AwsCredential_organizationId_accountName_key" ON "AwsCredential"("organizationId", "accountName");

-- CreateIndex
CREATE INDEX "AwsRole_organizationId_name_id_idx" ON "AwsRole"("organizationId", "name", "id");

-- CreateIndex
CREATE INDEX "AwsRole_organizationId_awsAccountId_name_id_idx" ON "AwsRole"("organizationId", "awsAccountId", "name", "id");

-- CreateIndex
CREATE UNIQUE INDEX "AwsRole_organizationId_id_key" ON "AwsRole"("organizationId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "AwsRole_organizationId_arn_key" ON "AwsRole"("organizationId", "arn");

-- CreateIndex
CREATE INDEX "UserGroupAwsRole_organizationId_awsRoleId_userGroupId_idx" ON "UserGroupAwsRole"("organizationId", "awsRoleId", "userGroupId");

-- CreateIndex
CREATE INDEX "AwsSync_nextSyncAt_idx" ON "AwsSync"("nextSyncAt");

-- CreateIndex
CREATE INDEX "AwsAccountSync_organizationId_operationId_ordinal_idx" ON "AwsAccountSync"("organizationId", "operationId", "ordinal");

-- CreateIndex
CREATE INDEX "AwsAccountSync_organizationId_awsAccountId_idx" ON "AwsAccountSync"("organizationId", "awsAccountId");

-- AddForeignKey
ALTER TABLE "AwsCredential" ADD CONSTRAINT "AwsCredential_organizationId_fkey" FOREIGN KEY ("organizationId") REFERENCES "Organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "AwsCredential" ADD CONSTRAINT "AwsCredential_organizationId_awsAccountId_fkey" FOREIGN KEY ("organizationId", "awsAccountId") REFERENCES "AwsAccount"("organizationId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "AwsRole" ADD CONSTRAINT "AwsRole_organizationId_fkey" FOREIGN KEY ("organizationId") REFERENCES "Organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "AwsRole" ADD CONSTRAINT "AwsRole_organizationId_awsAccountId_fkey" FOREIGN KEY ("organizationId", "awsAccountId") REFERENCES "AwsAccount"("organizationId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "UserGroupAwsRole" ADD CONSTRAINT "UserGroupAwsRole_organizationId_userGroupId_fkey" FOREIGN KEY ("organizationId", "userGroupId") REFERENCES "UserGroup"("organizationId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "UserGroupAwsRole" ADD CONSTRAINT "UserGroupAwsRole_organizationId_awsRoleId_fkey" FOREIGN KEY ("organizationId", "awsRoleId") REFERENCES "AwsRole"("organizationId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "AwsSync" ADD CONSTRAINT "AwsSync_organizationId_fkey" FOREIGN KEY ("organizationId") REFERENCES "Organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "AwsAccountSync" ADD CONSTRAINT "AwsAccountSync_organizationId_operationId_fkey" FOREIGN KEY ("organizationId", "operationId") REFERENCES "BackgroundOperation"("organizationId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "AwsAccountSync" ADD CONSTRAINT "AwsAccountSync_organizationId_awsAccountId_fkey" FOREIGN KEY ("organizationId", "awsAccountId") REFERENCES "AwsAccount"("organizationId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- By hand:

-- A second sync joins the one that runs; of two calls at once the database lets one through.
CREATE UNIQUE INDEX "BackgroundOperation_one_active_sync" ON "BackgroundOperation" ("organizationId")
  WHERE "kind" = 'AWS_SYNC' AND "status" IN ('QUEUED', 'RUNNING');

-- What the schedule looks through every minute.
CREATE INDEX "BackgroundOperation_active_kind" ON "BackgroundOperation" ("kind") WHERE "status" IN ('QUEUED', 'RUNNING');

CREATE INDEX "AwsRole_missing" ON "AwsRole" ("organizationId", "name", "id") WHERE "status" = 'MISSING';

ALTER TABLE "AwsCredential" ADD CONSTRAINT "AwsCredential_accessKeyId_check" CHECK ("accessKeyId" ~ '^[A-Z0-9]{16,128}$' AND "accessKeyId" !~ '^ASIA');

ALTER TABLE "AwsRole"
  ADD CONSTRAINT "AwsRole_missing_check" CHECK (("status" = 'MISSING') = ("missingSince" IS NOT NULL)),
  ADD CONSTRAINT "AwsRole_tags_check" CHECK ("tags" IS NULL OR jsonb_typeof("tags") = 'array');
