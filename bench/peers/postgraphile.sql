-- What PostGraphile needs beyond the tables: lists over a table of links (its many-to-many plugin is not there for version 5), the
-- references of a router, and the transition with its event.
create or replace function "UserGroup_members"(g "UserGroup") returns setof "Member" language sql stable as $$
  select m.* from "UserGroupMember" l join "Member" m on m."organizationId" = l."organizationId" and m."id" = l."memberId"
  where l."organizationId" = g."organizationId" and l."userGroupId" = g."id" order by l."email"
$$;
create or replace function "UserGroup_awsRoles"(g "UserGroup") returns setof "AwsRole" language sql stable as $$
  select r.* from "UserGroupAwsRole" l join "AwsRole" r on r."organizationId" = l."organizationId" and r."id" = l."awsRoleId"
  where l."organizationId" = g."organizationId" and l."userGroupId" = g."id" order by r."name", r."id"
$$;
create or replace function "AwsRole_userGroups"(r "AwsRole") returns setof "UserGroup" language sql stable as $$
  select g.* from "UserGroupAwsRole" l join "UserGroup" g on g."organizationId" = l."organizationId" and g."id" = l."userGroupId"
  where l."organizationId" = r."organizationId" and l."awsRoleId" = r."id" order by g."id"
$$;
create or replace function "benchAwsRoles"(ids text[]) returns setof "AwsRole" language sql stable as $$
  select r.* from unnest(ids) with ordinality as k("id", "position") join "AwsRole" r on r."id" = k."id" order by k."position"
$$;
create or replace function "benchSetSsoConnectorEnabled"("connectorId" text, "isEnabled" boolean) returns "SsoConnector" language sql volatile as $$
  with changed as (
    update "SsoConnector" set "enabled" = "isEnabled", "version" = "version" + 1, "updatedAt" = now()
    where "id" = "connectorId" and "enabled" <> "isEnabled" and "status" = 'VERIFIED' returning *
  ), event as (
    insert into "AuditEvent" ("id", "organizationId", "actorKind", "actorSubject", "actorLabel", "action", "outcome", "subjectId", "before", "after")
    select 'aud_' || left(replace(gen_random_uuid()::text, '-', ''), 26), "organizationId", 'API_KEY', 'peer', 'Peer',
      case when "enabled" then 'ssoConnector.enable' else 'ssoConnector.disable' end, 'SUCCEEDED', "id",
      jsonb_build_object('enabled', not "enabled"), jsonb_build_object('enabled', "enabled") from changed
  )
  select * from changed
$$;
comment on function "benchAwsRoles"(text[]) is '@behavior -connection +list';
