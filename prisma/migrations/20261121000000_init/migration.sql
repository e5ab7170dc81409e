-- Text is compared by code point (COLLATE "C") whatever the database's locale: pages are cut by (column, id), and an order that
-- changes with the operating system's library would skip or repeat rows, and break indexes. Foreign keys compare the same way.

-- CreateEnum
CREATE TYPE "ActorKind" AS ENUM ('API_KEY', 'USER', 'PLATFORM_ADMIN', 'SYSTEM');

-- CreateEnum
CREATE TYPE "AuditOutcome" AS ENUM ('SUCCEEDED', 'REFUSED');

-- CreateEnum
CREATE TYPE "IntegrationStatus" AS ENUM ('INITIALIZING', 'REFRESHING', 'ACTIVE', 'WARNING', 'ERROR', 'DISABLED');

-- CreateEnum
CREATE TYPE "AwsPartition" AS ENUM ('AWS', 'AWS_US_GOV');

-- CreateEnum
CREATE TYPE "ComponentKind" AS ENUM ('BASE', 'IAM_ASSESSMENT', 'IAM_WRITE', 'FUNCTION_CALLER', 'ACCESS_LOGS', 'INVENTORY');

-- CreateEnum
CREATE TYPE "ComponentState" AS ENUM ('STAGE', 'CONFIGURE', 'INSTALLED');

-- CreateEnum
CREATE TYPE "ComponentAction" AS ENUM ('STAGE', 'VERIFY', 'CONFIGURE', 'REMOVE');

-- CreateEnum
CREATE TYPE "ComponentHealth" AS ENUM ('UNKNOWN', 'HEALTHY', 'DRIFTED', 'UNREACHABLE');

-- CreateEnum
CREATE TYPE "VerificationTrigger" AS ENUM ('VERIFY', 'CONFIGURE', 'SCHEDULED');

-- CreateEnum
CREATE TYPE "VerificationOutcome" AS ENUM ('PASSED', 'FAILED', 'UNREACHABLE');

-- CreateEnum
CREATE TYPE "BackgroundOperationKind" AS ENUM ('AWS_SYNC', 'AWS_ROLE_REFRESH', 'INTEGRATION_REFRESH', 'COMPONENT_VERIFICATION');

-- CreateEnum
CREATE TYPE "BackgroundOperationStatus" AS ENUM ('QUEUED', 'RUNNING', 'SUCCEEDED', 'SUCCEEDED_WITH_WARNING', 'FAILED', 'CANCELLED');

-- CreateEnum
CREATE TYPE "IdentityMode" AS ENUM ('issuer', 'google');

-- CreateTable
CREATE TABLE "Organization" (
    "id" TEXT COLLATE "C" NOT NULL,
    "slug" TEXT COLLATE "C" NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Organization_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ApiKey" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "prefix" TEXT COLLATE "C" NOT NULL,
    "secretHash" BYTEA NOT NULL,
    "scopes" TEXT[] COLLATE "C",
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ(3),
    "lastUsedAt" TIMESTAMPTZ(3),
    "revokedAt" TIMESTAMPTZ(3),

    CONSTRAINT "ApiKey_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "AuditEvent" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actorKind" "ActorKind" NOT NULL,
    "actorSubject" TEXT COLLATE "C" NOT NULL,
    "actorLabel" TEXT COLLATE "C" NOT NULL,
    "action" TEXT COLLATE "C" NOT NULL,
    "outcome" "AuditOutcome" NOT NULL,
    "subjectId" TEXT COLLATE "C",
    "before" JSONB,
    "after" JSONB,
    "requestId" TEXT COLLATE "C",

    CONSTRAINT "AuditEvent_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "PlatformAuditEvent" (
    "id" TEXT COLLATE "C" NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actorKind" "ActorKind" NOT NULL,
    "actorSubject" TEXT COLLATE "C" NOT NULL,
    "actorLabel" TEXT COLLATE "C" NOT NULL,
    "action" TEXT COLLATE "C" NOT NULL,
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "before" JSONB,
    "requestId" TEXT COLLATE "C",

    CONSTRAINT "PlatformAuditEvent_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "AwsIdentity" (
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "mode" "IdentityMode" NOT NULL,
    "issuer" TEXT COLLATE "C" NOT NULL,
    "subject" TEXT COLLATE "C" NOT NULL,
    "audience" TEXT COLLATE "C" NOT NULL,
    "googleServiceAccount" TEXT COLLATE "C",
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "AwsIdentity_pkey" PRIMARY KEY ("organizationId")
);

-- CreateTable
CREATE TABLE "AwsIdentityTombstone" (
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "subject" TEXT COLLATE "C" NOT NULL,
    "audience" TEXT COLLATE "C" NOT NULL,
    "googleServiceAccount" TEXT COLLATE "C",
    "deletedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "AwsIdentityTombstone_pkey" PRIMARY KEY ("organizationId")
);

-- CreateTable
CREATE TABLE "SigningKey" (
    "kid" TEXT COLLATE "C" NOT NULL,
    "publicJwk" JSONB NOT NULL,
    "sealedPrivate" TEXT COLLATE "C" NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "signsFrom" TIMESTAMPTZ(3) NOT NULL,
    "retiredAt" TIMESTAMPTZ(3),
    "publishedUntil" TIMESTAMPTZ(3),

    CONSTRAINT "SigningKey_pkey" PRIMARY KEY ("kid")
);

-- CreateTable
CREATE TABLE "PlatformSecret" (
    "name" TEXT COLLATE "C" NOT NULL,
    "sealed" TEXT COLLATE "C" NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "PlatformSecret_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "EncryptionKey" (
    "id" TEXT COLLATE "C" NOT NULL,
    "check" TEXT COLLATE "C" NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "EncryptionKey_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Integration" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "type" TEXT COLLATE "C" NOT NULL,
    "status" "IntegrationStatus" NOT NULL DEFAULT 'INITIALIZING',
    "statusMessage" TEXT COLLATE "C",
    "config" JSONB NOT NULL DEFAULT '{}',
    "version" INTEGER NOT NULL DEFAULT 1,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Integration_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "AwsAccount" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "accountId" TEXT COLLATE "C" NOT NULL,
    "partition" "AwsPartition" NOT NULL,
    "alias" TEXT COLLATE "C",
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "AwsAccount_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Component" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "integrationId" TEXT COLLATE "C" NOT NULL,
    "awsAccountId" TEXT COLLATE "C" NOT NULL,
    "kind" "ComponentKind" NOT NULL,
    "itemId" TEXT COLLATE "C" NOT NULL,
    "partition" "AwsPartition" NOT NULL,
    "state" "ComponentState" NOT NULL,
    "health" "ComponentHealth" NOT NULL DEFAULT 'UNKNOWN',
    "config" JSONB,
    "version" INTEGER NOT NULL DEFAULT 1,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Component_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "RoleSetup" (
    "componentId" TEXT COLLATE "C" NOT NULL,
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "roleName" TEXT COLLATE "C" NOT NULL,
    "inlinePolicyName" TEXT COLLATE "C" NOT NULL,
    "inlinePolicy" TEXT COLLATE "C" NOT NULL,
    "trustPolicy" TEXT COLLATE "C" NOT NULL,
    "additionalInlinePolicies" JSONB NOT NULL,
    "serviceAccountId" TEXT COLLATE "C" NOT NULL,
    "issuer" TEXT COLLATE "C" NOT NULL,
    "oidcProviderUrl" TEXT COLLATE "C",
    "createsOidcProvider" BOOLEAN NOT NULL,
    "createsRole" BOOLEAN NOT NULL,
    "decoyRefusedFor" TEXT COLLATE "C",
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "RoleSetup_pkey" PRIMARY KEY ("componentId")
);

-- CreateTable
CREATE TABLE "Verification" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "componentId" TEXT COLLATE "C" NOT NULL,
    "trigger" "VerificationTrigger" NOT NULL,
    "outcome" "VerificationOutcome" NOT NULL,
    "changed" BOOLEAN NOT NULL,
    "startedAt" TIMESTAMPTZ(3) NOT NULL,
    "finishedAt" TIMESTAMPTZ(3) NOT NULL,
    "checks" JSONB NOT NULL,

    CONSTRAINT "Verification_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ComponentTransition" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "componentId" TEXT COLLATE "C" NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "action" "ComponentAction" NOT NULL,
    "fromState" "ComponentState",
    "toState" "ComponentState",
    "actorKind" "ActorKind" NOT NULL,
    "actorSubject" TEXT COLLATE "C" NOT NULL,
    "actorLabel" TEXT COLLATE "C" NOT NULL,

    CONSTRAINT "ComponentTransition_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "BackgroundOperation" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "kind" "BackgroundOperationKind" NOT NULL,
    "status" "BackgroundOperationStatus" NOT NULL DEFAULT 'QUEUED',
    "subjectId" TEXT COLLATE "C",
    "actorKind" "ActorKind" NOT NULL,
    "actorSubject" TEXT COLLATE "C" NOT NULL,
    "actorLabel" TEXT COLLATE "C" NOT NULL,
    "input" JSONB NOT NULL,
    "done" INTEGER NOT NULL DEFAULT 0,
    "total" INTEGER,
    "succeeded" INTEGER NOT NULL DEFAULT 0,
    "failed" INTEGER NOT NULL DEFAULT 0,
    "statusMessage" TEXT COLLATE "C",
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "startedAt" TIMESTAMPTZ(3),
    "finishedAt" TIMESTAMPTZ(3),

    CONSTRAINT "BackgroundOperation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "BackgroundOperationResult" (
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "operationId" TEXT COLLATE "C" NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "subjectId" TEXT COLLATE "C",
    "succeeded" BOOLEAN NOT NULL,
    "errors" JSONB NOT NULL,

    CONSTRAINT "BackgroundOperationResult_pkey" PRIMARY KEY ("operationId","ordinal")
);

-- CreateIndex
CREATE UNIQUE INDEX "Organization_slug_key" ON "Organization"("slug");

-- CreateIndex
CREATE UNIQUE INDEX "ApiKey_organizationId_id_key" ON "ApiKey"("organizationId", "id");

-- CreateIndex
CREATE INDEX "AuditEvent_organizationId_subjectId_id_idx" ON "AuditEvent"("organizationId", "subjectId", "id");

-- CreateIndex
CREATE INDEX "AuditEvent_organizationId_action_id_idx" ON "AuditEvent"("organizationId", "action", "id");

-- CreateIndex
CREATE INDEX "AuditEvent_organizationId_actorSubject_id_idx" ON "AuditEvent"("organizationId", "actorSubject", "id");

-- CreateIndex
CREATE UNIQUE INDEX "AuditEvent_organizationId_id_key" ON "AuditEvent"("organizationId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "AwsIdentity_subject_key" ON "AwsIdentity"("subject");

-- CreateIndex
CREATE UNIQUE INDEX "AwsIdentity_audience_key" ON "AwsIdentity"("audience");

-- CreateIndex
CREATE UNIQUE INDEX "AwsIdentity_googleServiceAccount_key" ON "AwsIdentity"("googleServiceAccount");

-- CreateIndex
CREATE UNIQUE INDEX "AwsIdentityTombstone_subject_key" ON "AwsIdentityTombstone"("subject");

-- CreateIndex
CREATE UNIQUE INDEX "AwsIdentityTombstone_audience_key" ON "AwsIdentityTombstone"("audience");

-- CreateIndex
CREATE UNIQUE INDEX "AwsIdentityTombstone_googleServiceAccount_key" ON "AwsIdentityTombstone"("googleServiceAccount");

-- CreateIndex
CREATE INDEX "Integration_organizationId_createdAt_id_idx" ON "Integration"("organizationId", "createdAt", "id");

-- CreateIndex
CREATE UNIQUE INDEX "Integration_organizationId_id_key" ON "Integration"("organizationId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "Integration_organizationId_name_key" ON "Integration"("organizationId", "name");

-- CreateIndex
CREATE UNIQUE INDEX "AwsAccount_organizationId_id_key" ON "AwsAccount"("organizationId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "AwsAccount_organizationId_accountId_key" ON "AwsAccount"("organizationId", "accountId");

-- CreateIndex
CREATE INDEX "Component_organizationId_integrationId_id_idx" ON "Component"("organizationId", "integrationId", "id");

-- CreateIndex
CREATE INDEX "Component_organizationId_awsAccountId_id_idx" ON "Component"("organizationId", "awsAccountId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "Component_organizationId_id_key" ON "Component"("organizationId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "Component_organizationId_kind_itemId_key" ON "Component"("organizationId", "kind", "itemId");

-- CreateIndex
CREATE UNIQUE INDEX "RoleSetup_organizationId_componentId_key" ON "RoleSetup"("organizationId", "componentId");

-- CreateIndex
CREATE INDEX "Verification_organizationId_componentId_id_idx" ON "Verification"("organizationId", "componentId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "Verification_organizationId_id_key" ON "Verification"("organizationId", "id");

-- CreateIndex
CREATE INDEX "ComponentTransition_organizationId_componentId_id_idx" ON "ComponentTransition"("organizationId", "componentId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "ComponentTransition_organizationId_id_key" ON "ComponentTransition"("organizationId", "id");

-- CreateIndex
CREATE INDEX "BackgroundOperation_organizationId_subjectId_id_idx" ON "BackgroundOperation"("organizationId", "subjectId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "BackgroundOperation_organizationId_id_key" ON "BackgroundOperation"("organizationId", "id");

-- CreateIndex
CREATE INDEX "BackgroundOperationResult_organizationId_operationId_ordina_idx" ON "BackgroundOperationResult"("organizationId", "operationId", "ordinal");

-- AddForeignKey
ALTER TABLE "ApiKey" ADD CONSTRAINT "ApiKey_organizationId_fkey" FOREIGN KEY ("organizationId") REFERENCES "Organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "AuditEvent" ADD CONSTRAINT "AuditEvent_organizationId_fkey" FOREIGN KEY ("organizationId") REFERENCES "Organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "AwsIdentity" ADD CONSTRAINT "AwsIdentity_organizationId_fkey" FOREIGN KEY ("organizationId") REFERENCES "Organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Integration" ADD CONSTRAINT "Integration_organizationId_fkey" FOREIGN KEY ("organizationId") REFERENCES "Organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "AwsAccount" ADD CONSTRAINT "AwsAccount_organizationId_fkey" FOREIGN KEY ("organizationId") REFERENCES "Organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Component" ADD CONSTRAINT "Component_organizationId_fkey" FOREIGN KEY ("organizationId") REFERENCES "Organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Component" ADD CONSTRAINT "Component_organizationId_integrationId_fkey" FOREIGN KEY ("organizationId", "integrationId") REFERENCES "Integration"("organizationId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Component" ADD CONSTRAINT "Component_organizationId_awsAccountId_fkey" FOREIGN KEY ("organizationId", "awsAccountId") REFERENCES "AwsAccount"("organizationId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "RoleSetup" ADD CONSTRAINT "RoleSetup_organizationId_componentId_fkey" FOREIGN KEY ("organizationId", "componentId") REFERENCES "Component"("organizationId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Verification" ADD CONSTRAINT "Verification_organizationId_componentId_fkey" FOREIGN KEY ("organizationId", "componentId") REFERENCES "Component"("organizationId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ComponentTransition" ADD CONSTRAINT "ComponentTransition_organizationId_fkey" FOREIGN KEY ("organizationId") REFERENCES "Organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "BackgroundOperation" ADD CONSTRAINT "BackgroundOperation_organizationId_fkey" FOREIGN KEY ("organizationId") REFERENCES "Organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "BackgroundOperationResult" ADD CONSTRAINT "BackgroundOperationResult_organizationId_operationId_fkey" FOREIGN KEY ("organizationId", "operationId") REFERENCES "BackgroundOperation"("organizationId", "id") ON DELETE CASCADE ON UPDATE CASCADE;
