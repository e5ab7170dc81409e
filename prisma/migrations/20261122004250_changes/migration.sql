-- Text is compared by code point (COLLATE "C") whatever the database's locale: pages are cut by (column, id), and an order that
-- changes with the operating system's library would skip or repeat rows, and break indexes. Foreign keys compare the same way.

-- CreateEnum
CREATE TYPE "ChangeKind" AS ENUM ('CREATED', 'UPDATED', 'DELETED');

-- CreateTable
CREATE TABLE "Change" (
    "sequence" BIGSERIAL NOT NULL,
    "transactionId" xid8 NOT NULL DEFAULT pg_current_xact_id(),
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "noun" TEXT COLLATE "C" NOT NULL,
    "subjectId" TEXT COLLATE "C" NOT NULL,
    "change" "ChangeKind" NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Change_pkey" PRIMARY KEY ("sequence")
);

-- CreateIndex
CREATE INDEX "Change_transactionId_idx" ON "Change"("transactionId");
