-- What the schema file cannot say.

-- One aws integration an organization, whatever calls come at once.
CREATE UNIQUE INDEX "Integration_one_aws_per_organization" ON "Integration" ("organizationId") WHERE "type" = 'aws';

-- One BASE an account.
CREATE UNIQUE INDEX "Component_one_base_per_account" ON "Component" ("organizationId", "awsAccountId") WHERE "kind" = 'BASE';

-- The identity an organization shows to AWS is its own for ever: AWS accounts of a deleted organization may still trust it.
ALTER TABLE "AwsIdentity"
  ADD CONSTRAINT "AwsIdentity_issuer_mode_check" CHECK (
    "mode" <> 'issuer' OR ("subject" = 'organization:' || "organizationId" AND "audience" ~ '^[1-9][0-9]{20}$')
  ),
  ADD CONSTRAINT "AwsIdentity_decoy_check" CHECK ("subject" <> 'organization:decoy');

CREATE FUNCTION "refuse_buried_identity"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND (NEW."organizationId", NEW."subject", NEW."audience", NEW."googleServiceAccount")
     IS DISTINCT FROM (OLD."organizationId", OLD."subject", OLD."audience", OLD."googleServiceAccount") THEN
    RAISE EXCEPTION 'an identity once made keeps its subject, audience and service account' USING ERRCODE = 'check_violation';
  END IF;
  IF EXISTS (
    SELECT 1 FROM "AwsIdentityTombstone" t
    WHERE t."organizationId" = NEW."organizationId" OR t."subject" = NEW."subject" OR t."audience" = NEW."audience"
       OR t."googleServiceAccount" = NEW."googleServiceAccount"
  ) THEN
    RAISE EXCEPTION 'this identity was given out before and is never given out again' USING ERRCODE = 'unique_violation';
  END IF;
  RETURN NULL;
END $$;

-- AFTER: an insert may have waited for the transaction that wrote the tombstone, and only then sees it.
CREATE TRIGGER "AwsIdentity_not_buried" AFTER INSERT OR UPDATE ON "AwsIdentity"
  FOR EACH ROW EXECUTE FUNCTION "refuse_buried_identity"();

-- However an identity goes (a cascade, a forgotten call, by hand), its tombstone stands.
CREATE FUNCTION "bury_identity"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "AwsIdentityTombstone" ("organizationId", "subject", "audience", "googleServiceAccount")
  VALUES (OLD."organizationId", OLD."subject", OLD."audience", OLD."googleServiceAccount")
  ON CONFLICT ("organizationId") DO NOTHING;
  RETURN NULL;
END $$;

CREATE TRIGGER "AwsIdentity_buried" AFTER DELETE ON "AwsIdentity"
  FOR EACH ROW EXECUTE FUNCTION "bury_identity"();

CREATE FUNCTION "refuse_change_of_tombstone"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a tombstone is never changed or removed' USING ERRCODE = 'check_violation';
END $$;

CREATE TRIGGER "AwsIdentityTombstone_kept" BEFORE UPDATE OR DELETE ON "AwsIdentityTombstone"
  FOR EACH ROW EXECUTE FUNCTION "refuse_change_of_tombstone"();
