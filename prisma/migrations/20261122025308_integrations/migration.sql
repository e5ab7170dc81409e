-- Text is compared by code point (COLLATE "C") whatever the database's locale: pages are cut by (column, id), and an order that
-- changes with the operating system's library would skip or repeat rows, and break indexes. Foreign keys compare the same way.

-- CreateEnum
CREATE TYPE "ResourceStatus" AS ENUM ('ACTIVE', 'ERROR', 'DELETED');

-- AlterTable
ALTER TABLE "Integration" ADD COLUMN     "connectedResourceTypes" TEXT[] COLLATE "C",
ADD COLUMN     "connectorId" TEXT COLLATE "C",
ADD COLUMN     "customAccessDetails" TEXT COLLATE "C",
ADD COLUMN     "lastSyncAt" TIMESTAMPTZ(3),
ADD COLUMN     "ownerAttributeType" TEXT COLLATE "C",
ADD COLUMN     "ownerAttributeValues" TEXT[] COLLATE "C",
ADD COLUMN     "ownerSourceId" TEXT COLLATE "C",
ADD COLUMN     "ownersMappingAttributeType" TEXT COLLATE "C",
ADD COLUMN     "ownersMappingKeyName" TEXT COLLATE "C",
ADD COLUMN     "ownersMappingSourceId" TEXT COLLATE "C",
ADD COLUMN     "resourceCount" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "sealedSecret" TEXT COLLATE "C",
ADD COLUMN     "secretStore" JSONB,
ADD COLUMN     "statusBefore" "IntegrationStatus";

-- CreateTable
CREATE TABLE "Connector" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "apiKeyId" TEXT COLLATE "C" NOT NULL,
    "agentVersion" TEXT COLLATE "C",
    "lastConnectedAt" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Connector_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Resource" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "integrationId" TEXT COLLATE "C" NOT NULL,
    "externalId" TEXT COLLATE "C" NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "type" TEXT COLLATE "C" NOT NULL,
    "status" "ResourceStatus" NOT NULL,
    "statusMessage" TEXT COLLATE "C",
    "awsAccountId" TEXT COLLATE "C",
    "sourceTags" JSONB NOT NULL DEFAULT '[]',
    "userTags" JSONB NOT NULL DEFAULT '{}',
    "firstSeenAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lastSeenAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Resource_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "IntegrationPermission" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "integrationId" TEXT COLLATE "C" NOT NULL,
    "resourceType" TEXT COLLATE "C" NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,

    CONSTRAINT "IntegrationPermission_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "DiscoveryRun" (
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "integrationId" TEXT COLLATE "C" NOT NULL,
    "runId" TEXT COLLATE "C" NOT NULL,
    "startedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "completedAt" TIMESTAMPTZ(3),

    CONSTRAINT "DiscoveryRun_pkey" PRIMARY KEY ("organizationId","integrationId","runId")
);

-- CreateTable
CREATE TABLE "DiscoveryRunPart" (
    "ordinal" BIGSERIAL NOT NULL,
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "integrationId" TEXT COLLATE "C" NOT NULL,
    "runId" TEXT COLLATE "C" NOT NULL,
    "resources" BIGINT[],
    "permissions" BIGINT[],

    CONSTRAINT "DiscoveryRunPart_pkey" PRIMARY KEY ("ordinal")
);

-- CreateIndex
CREATE UNIQUE INDEX "Connector_organizationId_id_key" ON "Connector"("organizationId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "Connector_organizationId_name_key" ON "Connector"("organizationId", "name");

-- CreateIndex
CREATE UNIQUE INDEX "Connector_organizationId_apiKeyId_key" ON "Connector"("organizationId", "apiKeyId");

-- CreateIndex
CREATE INDEX "Resource_organizationId_name_id_idx" ON "Resource"("organizationId", "name", "id");

-- CreateIndex
CREATE INDEX "Resource_organizationId_integrationId_name_id_idx" ON "Resource"("organizationId", "integrationId", "name", "id");

-- CreateIndex
CREATE UNIQUE INDEX "Resource_organizationId_id_key" ON "Resource"("organizationId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "Resource_organizationId_integrationId_externalId_key" ON "Resource"("organizationId", "integrationId", "externalId");

-- CreateIndex
CREATE UNIQUE INDEX "IntegrationPermission_organizationId_id_key" ON "IntegrationPermission"("organizationId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "IntegrationPermission_organizationId_integrationId_resource_key" ON "IntegrationPermission"("organizationId", "integrationId", "resourceType", "name");

-- CreateIndex
CREATE INDEX "DiscoveryRunPart_organizationId_integrationId_runId_idx" ON "DiscoveryRunPart"("organizationId", "integrationId", "runId");

-- CreateIndex
CREATE INDEX "Integration_organizationId_connectorId_idx" ON "Integration"("organizationId", "connectorId");

-- AddForeignKey
ALTER TABLE "Integration" ADD CONSTRAINT "Integration_organizationId_connectorId_fkey" FOREIGN KEY ("organizationId", "connectorId") REFERENCES "Connector"("organizationId", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Integration" ADD CONSTRAINT "Integration_organizationId_ownerSourceId_fkey" FOREIGN KEY ("organizationId", "ownerSourceId") REFERENCES "Integration"("organizationId", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Integration" ADD CONSTRAINT "Integration_organizationId_ownersMappingSourceId_fkey" FOREIGN KEY ("organizationId", "ownersMappingSourceId") REFERENCES "Integration"("organizationId", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Connector" ADD CONSTRAINT "Connector_organizationId_fkey" FOREIGN KEY ("organizationId") REFERENCES "Organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Connector" ADD CONSTRAINT "Connector_organizationId_apiKeyId_fkey" FOREIGN KEY ("organizationId", "apiKeyId") REFERENCES "ApiKey"("organizationId", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Resource" ADD CONSTRAINT "Resource_organizationId_integrationId_fkey" FOREIGN KEY ("organizationId", "integrationId") REFERENCES "Integration"("organizationId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Resource" ADD CONSTRAINT "Resource_organizationId_awsAccountId_fkey" FOREIGN KEY ("organizationId", "awsAccountId") REFERENCES "AwsAccount"("organizationId", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "IntegrationPermission" ADD CONSTRAINT "IntegrationPermission_organizationId_integrationId_fkey" FOREIGN KEY ("organizationId", "integrationId") REFERENCES "Integration"("organizationId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "DiscoveryRun" ADD CONSTRAINT "DiscoveryRun_organizationId_integrationId_fkey" FOREIGN KEY ("organizationId", "integrationId") REFERENCES "Integration"("organizationId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "DiscoveryRunPart" ADD CONSTRAINT "DiscoveryRunPart_organizationId_integrationId_runId_fkey" FOREIGN KEY ("organizationId", "integrationId", "runId") REFERENCES "DiscoveryRun"("organizationId", "integrationId", "runId") ON DELETE CASCADE ON UPDATE CASCADE;

-- By hand:

-- A secret lies here exactly where its store says so.
ALTER TABLE "Integration"
  ADD CONSTRAINT "Integration_secret_check" CHECK (("sealedSecret" IS NOT NULL) = (coalesce("secretStore" ->> 'kind', '') = 'BUILT_IN')),
  ADD CONSTRAINT "Integration_owner_check" CHECK (
    ("ownerAttributeType" IS NULL) = ("ownerAttributeValues" IS NULL) AND ("ownerSourceId" IS NULL OR "ownerAttributeType" IS NOT NULL)
  ),
  ADD CONSTRAINT "Integration_owners_mapping_check" CHECK (
    ("ownersMappingKeyName" IS NULL) = ("ownersMappingAttributeType" IS NULL)
    AND ("ownersMappingSourceId" IS NULL OR "ownersMappingKeyName" IS NOT NULL)
  ),
  ADD CONSTRAINT "Integration_status_before_check" CHECK ("statusBefore" IS NULL OR "status" = 'REFRESHING');

ALTER TABLE "Resource"
  ADD CONSTRAINT "Resource_source_tags_check" CHECK (jsonb_typeof("sourceTags") = 'array'),
  ADD CONSTRAINT "Resource_user_tags_check" CHECK (jsonb_typeof("userTags") = 'object');

-- Only resources of AWS have an account; the deletion of an account looks them up.
CREATE INDEX "Resource_aws_account_idx" ON "Resource" ("organizationId", "awsAccountId") WHERE "awsAccountId" IS NOT NULL;

-- However a refresh ends without having said how the integration is (cancelled, cut off too often, by hand), nobody is left REFRESHING.
CREATE FUNCTION "release_refreshed_integration"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE "Integration" SET
    "status" = CASE WHEN NEW."status" = 'FAILED' THEN 'ERROR' ELSE coalesce("statusBefore", 'INITIALIZING') END,
    "statusMessage" = CASE WHEN NEW."status" = 'FAILED' THEN NEW."statusMessage" ELSE 'The last refresh was cancelled.' END,
    "statusBefore" = NULL
  WHERE "organizationId" = NEW."organizationId" AND "id" = NEW."subjectId" AND "status" = 'REFRESHING';
  RETURN NULL;
END $$;

CREATE TRIGGER "BackgroundOperation_releases_integration" AFTER UPDATE OF "status" ON "BackgroundOperation"
  FOR EACH ROW WHEN (
    NEW."kind" = 'INTEGRATION_REFRESH' AND OLD."status" IN ('QUEUED', 'RUNNING') AND NEW."status" NOT IN ('QUEUED', 'RUNNING')
  ) EXECUTE FUNCTION "release_refreshed_integration"();
