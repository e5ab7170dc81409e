-- Filters by a part of a name find it by its trigrams, within the organization. Both extensions are PostgreSQL's own, and whoever may create
-- in the database may add them.
CREATE EXTENSION IF NOT EXISTS "pg_trgm";
CREATE EXTENSION IF NOT EXISTS "btree_gin";

-- By hand: the expressions are those of whereName and whereMember, collation included. What is new is gathered beside an index and every
-- search reads that, so it is kept short (kB).
CREATE INDEX "Integration_organizationId_name_trigrams" ON "Integration" USING gin ("organizationId", ("name" COLLATE "default") gin_trgm_ops)
  WITH (gin_pending_list_limit = 512);
CREATE INDEX "AwsRole_organizationId_name_trigrams" ON "AwsRole" USING gin ("organizationId", ("name" COLLATE "default") gin_trgm_ops)
  WITH (gin_pending_list_limit = 512);
CREATE INDEX "AwsAccount_organizationId_alias_trigrams" ON "AwsAccount" USING gin ("organizationId", ("alias" COLLATE "default") gin_trgm_ops)
  WITH (gin_pending_list_limit = 512);
CREATE INDEX "Resource_organizationId_name_trigrams" ON "Resource" USING gin ("organizationId", ("name" COLLATE "default") gin_trgm_ops)
  WITH (gin_pending_list_limit = 512);
CREATE INDEX "UserGroup_organizationId_name_trigrams" ON "UserGroup" USING gin ("organizationId", ("name" COLLATE "default") gin_trgm_ops)
  WITH (gin_pending_list_limit = 512);
CREATE INDEX "ResourceGroup_organizationId_name_trigrams" ON "ResourceGroup" USING gin ("organizationId", ("name" COLLATE "default") gin_trgm_ops)
  WITH (gin_pending_list_limit = 512);
CREATE INDEX "Member_organizationId_email_trigrams" ON "Member" USING gin ("organizationId", "email" gin_trgm_ops)
  WITH (gin_pending_list_limit = 512);
