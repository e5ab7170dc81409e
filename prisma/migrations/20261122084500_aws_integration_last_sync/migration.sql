-- Kept with the integration from now on, so that it can be ordered by.
UPDATE "Integration" i SET "lastSyncAt" = s."lastSuccessAt" FROM "AwsSync" s WHERE i."type" = 'aws' AND s."organizationId" = i."organizationId";
