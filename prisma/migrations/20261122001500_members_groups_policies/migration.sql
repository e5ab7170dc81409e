-- Text is compared by code point (COLLATE "C") whatever the database's locale: pages are cut by (column, id), and an order that
-- changes with the operating system's library would skip or repeat rows, and break indexes. Foreign keys compare the same way.

-- CreateEnum
CREATE TYPE "MemberStatus" AS ENUM ('ACCEPTED', 'PENDING');

-- CreateEnum
CREATE TYPE "PolicyAccess" AS ENUM ('ALLOW', 'DENY');

-- CreateTable
CREATE TABLE "Member" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "email" TEXT COLLATE "C" NOT NULL,
    "status" "MemberStatus" NOT NULL DEFAULT 'PENDING',
    "version" INTEGER NOT NULL DEFAULT 1,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Member_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "UserGroup" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "UserGroup_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "UserGroupMember" (
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "userGroupId" TEXT COLLATE "C" NOT NULL,
    "memberId" TEXT COLLATE "C" NOT NULL,
    "email" TEXT COLLATE "C" NOT NULL,
    "addedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "UserGroupMember_pkey" PRIMARY KEY ("organizationId","userGroupId","memberId")
);

-- CreateTable
CREATE TABLE "Policy" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "userGroupId" TEXT COLLATE "C" NOT NULL,
    "access" "PolicyAccess" NOT NULL,
    "permissionGroupIds" TEXT[] COLLATE "C",
    "ordinal" INTEGER NOT NULL,

    CONSTRAINT "Policy_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "PolicyResourceGroup" (
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "userGroupId" TEXT COLLATE "C" NOT NULL,
    "policyId" TEXT COLLATE "C" NOT NULL,
    "resourceGroupId" TEXT COLLATE "C" NOT NULL,
    "ordinal" INTEGER NOT NULL,

    CONSTRAINT "PolicyResourceGroup_pkey" PRIMARY KEY ("organizationId","policyId","resourceGroupId")
);

-- CreateTable
CREATE TABLE "ResourceGroup" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "meta" JSONB NOT NULL DEFAULT '[]',
    "version" INTEGER NOT NULL DEFAULT 1,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ResourceGroup_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ResourceGroupObject" (
    "organizationId" TEXT COLLATE "C" NOT NULL,
    "resourceGroupId" TEXT COLLATE "C" NOT NULL,
    "key" TEXT COLLATE "C" NOT NULL,
    "ordinal" INTEGER NOT NULL,

    CONSTRAINT "ResourceGroupObject_pkey" PRIMARY KEY ("organizationId","resourceGroupId","key")
);

-- CreateIndex
CREATE INDEX "Member_organizationId_status_email_idx" ON "Member"("organizationId", "status", "email");

-- CreateIndex
CREATE UNIQUE INDEX "Member_organizationId_id_key" ON "Member"("organizationId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "Member_organizationId_email_key" ON "Member"("organizationId", "email");

-- CreateIndex
CREATE UNIQUE INDEX "Member_organizationId_id_email_key" ON "Member"("organizationId", "id", "email");

-- CreateIndex
CREATE INDEX "UserGroup_organizationId_createdAt_id_idx" ON "UserGroup"("organizationId", "createdAt", "id");

-- CreateIndex
CREATE UNIQUE INDEX "UserGroup_organizationId_id_key" ON "UserGroup"("organizationId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "UserGroup_organizationId_name_key" ON "UserGroup"("organizationId", "name");

-- CreateIndex
CREATE INDEX "UserGroupMember_organizationId_userGroupId_email_idx" ON "UserGroupMember"("organizationId", "userGroupId", "email");

-- CreateIndex
CREATE INDEX "UserGroupMember_organizationId_memberId_userGroupId_idx" ON "UserGroupMember"("organizationId", "memberId", "userGroupId");

-- CreateIndex
CREATE INDEX "Policy_organizationId_userGroupId_ordinal_idx" ON "Policy"("organizationId", "userGroupId", "ordinal");

-- CreateIndex
CREATE UNIQUE INDEX "Policy_organizationId_id_key" ON "Policy"("organizationId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "Policy_organizationId_userGroupId_id_key" ON "Policy"("organizationId", "userGroupId", "id");

-- CreateIndex
CREATE INDEX "PolicyResourceGroup_organizationId_resourceGroupId_policyId_idx" ON "PolicyResourceGroup"("organizationId", "resourceGroupId", "policyId");

-- CreateIndex
CREATE INDEX "PolicyResourceGroup_organizationId_userGroupId_resourceGrou_idx" ON "PolicyResourceGroup"("organizationId", "userGroupId", "resourceGroupId", "policyId");

-- CreateIndex
CREATE UNIQUE INDEX "ResourceGroup_organizationId_id_key" ON "ResourceGroup"("organizationId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "ResourceGroup_organizationId_name_key" ON "ResourceGroup"("organizationId", "name");

-- CreateIndex
CREATE INDEX "ResourceGroupObject_organizationId_key_resourceGroupId_idx" ON "ResourceGroupObject"("organizationId", "key", "resourceGroupId");

-- AddForeignKey
ALTER TABLE "Member" ADD CONSTRAINT "Member_organizationId_fkey" FOREIGN KEY ("organizationId") REFERENCES "Organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "UserGroup" ADD CONSTRAINT "UserGroup_organizationId_fkey" FOREIGN KEY ("organizationId") REFERENCES "Organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "UserGroupMember" ADD CONSTRAINT "UserGroupMember_organizationId_userGroupId_fkey" FOREIGN KEY ("organizationId", "userGroupId") REFERENCES "UserGroup"("organizationId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "UserGroupMember" ADD CONSTRAINT "UserGroupMember_organizationId_memberId_email_fkey" FOREIGN KEY ("organizationId", "memberId", "email") REFERENCES "Member"("organizationId", "id", "email") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Policy" ADD CONSTRAINT "Policy_organizationId_userGroupId_fkey" FOREIGN KEY ("organizationId", "userGroupId") REFERENCES "UserGroup"("organizationId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "PolicyResourceGroup" ADD CONSTRAINT "PolicyResourceGroup_organizationId_userGroupId_policyId_fkey" FOREIGN KEY ("organizationId", "userGroupId", "policyId") REFERENCES "Policy"("organizationId", "userGroupId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "PolicyResourceGroup" ADD CONSTRAINT "PolicyResourceGroup_organizationId_resourceGroupId_fkey" FOREIGN KEY ("organizationId", "resourceGroupId") REFERENCES "ResourceGroup"("organizationId", "id") ON DELETE NO ACTION ON UPDATE NO ACTION;

-- AddForeignKey
ALTER TABLE "ResourceGroup" ADD CONSTRAINT "ResourceGroup_organizationId_fkey" FOREIGN KEY ("organizationId") REFERENCES "Organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ResourceGroupObject" ADD CONSTRAINT "ResourceGroupObject_organizationId_resourceGroupId_fkey" FOREIGN KEY ("organizationId", "resourceGroupId") REFERENCES "ResourceGroup"("organizationId", "id") ON DELETE CASCADE ON UPDATE CASCADE;
