-- What the schema file cannot say.

-- One organization alone signs people of a domain in, whatever calls come at once.
CREATE UNIQUE INDEX "SsoConnector_one_enabled_per_domain" ON "SsoConnector" ("emailDomain") WHERE "enabled";

-- Only who has shown that the domain is theirs may have it enabled. What is looked up has a next time, and only what is awaited ends.
ALTER TABLE "SsoConnector"
  ADD CONSTRAINT "SsoConnector_enabled_check" CHECK (NOT "enabled" OR "status" = 'VERIFIED'),
  ADD CONSTRAINT "SsoConnector_next_check" CHECK (("nextCheckAt" IS NOT NULL) = ("status" IN ('PENDING', 'VERIFIED'))),
  ADD CONSTRAINT "SsoConnector_expires_check" CHECK (("expiresAt" IS NOT NULL) = ("status" = 'PENDING')),
  ADD CONSTRAINT "SsoConnector_absent_check" CHECK (
    ("firstAbsentAt" IS NULL) = ("lastAbsentAt" IS NULL) AND ("firstAbsentAt" IS NULL OR "status" IN ('VERIFIED', 'FAILED'))
  ),
  ADD CONSTRAINT "SsoConnector_domain_check" CHECK ("emailDomain" ~ '^[a-z0-9.-]{3,253}$'),
  ADD CONSTRAINT "SsoConnector_code_check" CHECK ("code" ~ '^gatehouse-sso-verification=[0-9a-f]{32}$');
