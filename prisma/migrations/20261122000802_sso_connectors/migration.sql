-- Text is compared by code point (COLLATE "C") whatever the database's locale: pages are cut by (column, id), and an order that
-- changes with the operating system's library would skip or repeat rows, and break indexes. Foreign keys compare the same way.

-- CreateEnum
CREATE TYPE "SsoVerificationStatus" AS ENUM ('AWAITING', 'PENDING', 'FAILED', 'VERIFIED');

-- CreateTable
CREATE TABLE "SsoConnector" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "emailDomain" TEXT COLLATE "C" NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT false,
    "useFedrampLanguage" BOOLEAN NOT NULL DEFAULT false,
    "status" "SsoVerificationStatus" NOT NULL DEFAULT 'AWAITING',
    "code" TEXT COLLATE "C" NOT NULL,
    "statusMessage" TEXT COLLATE "C",
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "lastCheckedAt" TIMESTAMPTZ(3),
    "nextCheckAt" TIMESTAMPTZ(3),
    "expiresAt" TIMESTAMPTZ(3),
    "firstAbsentAt" TIMESTAMPTZ(3),
    "lastAbsentAt" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "SsoConnector_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "SsoConnector_organizationId_id_key" ON "SsoConnector"("organizationId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "SsoConnector_organizationId_emailDomain_key" ON "SsoConnector"("organizationId", "emailDomain");

-- AddForeignKey
ALTER TABLE "SsoConnector" ADD CONSTRAINT "SsoConnector_organizationId_fkey" FOREIGN KEY ("organizationId") REFERENCES "Organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;
