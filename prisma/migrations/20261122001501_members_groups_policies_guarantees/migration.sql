-- What the schema file cannot say.

-- One address, one member, however it was written.
ALTER TABLE "Member"
  ADD CONSTRAINT "Member_email_check" CHECK ("email" = lower("email") AND char_length("email") <= 90);

ALTER TABLE "Policy"
  ADD CONSTRAINT "Policy_permissionGroupIds_check" CHECK (cardinality("permissionGroupIds") > 0);

-- Filters by name do not count case; names themselves compare by code point.
CREATE INDEX "UserGroup_folded_name" ON "UserGroup" ("organizationId", lower("name" COLLATE "default"));
CREATE INDEX "ResourceGroup_folded_name" ON "ResourceGroup" ("organizationId", lower("name" COLLATE "default"));
