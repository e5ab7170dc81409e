-- Writes down what a statement changed in a table, for the subscribers: arguments are the noun (the type's name in the graph) and the
-- columns whose change is nobody's business outside. One insert a statement, however many rows it touched.
CREATE FUNCTION "record_changes"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO "Change" ("organizationId", "noun", "subjectId", "change")
    SELECT n."organizationId", TG_ARGV[0], n."id", 'CREATED' FROM "newRows" n;
  ELSIF TG_OP = 'UPDATE' THEN
    INSERT INTO "Change" ("organizationId", "noun", "subjectId", "change")
    SELECT n."organizationId", TG_ARGV[0], n."id", 'UPDATED' FROM "newRows" n JOIN "oldRows" o ON o."id" = n."id"
    WHERE to_jsonb(n) - TG_ARGV[1]::text[] IS DISTINCT FROM to_jsonb(o) - TG_ARGV[1]::text[];
  ELSE
    -- What goes with its whole organization has no subscriber left.
    INSERT INTO "Change" ("organizationId", "noun", "subjectId", "change")
    SELECT o."organizationId", TG_ARGV[0], o."id", 'DELETED' FROM "oldRows" o
    WHERE EXISTS (SELECT 1 FROM "Organization" g WHERE g."id" = o."organizationId");
  END IF;
  -- Only wakes the readers, who read the table; many of one transaction are one.
  IF FOUND THEN
    PERFORM pg_notify('gatehouse_change', '');
  END IF;
  RETURN NULL;
END $$;

-- A table whose changes are told: SELECT "publish_changes"('Component', '{nextVerifyAt}'). Its rows have id and organizationId.
CREATE FUNCTION "publish_changes"("noun" text, "silentColumns" text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %I REFERENCING NEW TABLE AS "newRows" FOR EACH STATEMENT EXECUTE FUNCTION "record_changes"(%L, %L)',
    "noun" || '_created', "noun", "noun", "silentColumns"::text);
  EXECUTE format('CREATE TRIGGER %I AFTER UPDATE ON %I REFERENCING OLD TABLE AS "oldRows" NEW TABLE AS "newRows" FOR EACH STATEMENT EXECUTE FUNCTION "record_changes"(%L, %L)',
    "noun" || '_updated', "noun", "noun", "silentColumns"::text);
  EXECUTE format('CREATE TRIGGER %I AFTER DELETE ON %I REFERENCING OLD TABLE AS "oldRows" FOR EACH STATEMENT EXECUTE FUNCTION "record_changes"(%L, %L)',
    "noun" || '_deleted', "noun", "noun", "silentColumns"::text);
END $$;

SELECT "publish_changes"('Component', '{nextVerifyAt}');
SELECT "publish_changes"('BackgroundOperation', '{}');
SELECT "publish_changes"('SsoConnector', '{}');
