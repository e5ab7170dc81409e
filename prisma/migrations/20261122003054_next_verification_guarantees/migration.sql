-- What is installed already is looked at within the next six hours, spread over them.
UPDATE "Component" SET "nextVerifyAt" = now() + random() * interval '6 hours' WHERE "state" = 'INSTALLED' AND "kind" <> 'BASE';

-- Only what is installed is looked at by itself, and BASE has nothing to look at.
ALTER TABLE "Component"
  ADD CONSTRAINT "Component_next_verify_check" CHECK ("nextVerifyAt" IS NULL OR ("state" = 'INSTALLED' AND "kind" <> 'BASE'));

-- What is due, of each organization and of all.
CREATE INDEX "Component_due_of_organization" ON "Component" ("organizationId", "nextVerifyAt") WHERE "nextVerifyAt" IS NOT NULL;
CREATE INDEX "Component_due" ON "Component" ("nextVerifyAt") WHERE "nextVerifyAt" IS NOT NULL;
