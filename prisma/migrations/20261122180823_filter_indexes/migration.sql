-- What filters ask for by its value; rare ones are found by these, frequent ones in the order of the page.

-- CreateIndex
CREATE INDEX "Integration_organizationId_status_idx" ON "Integration"("organizationId", "status");

-- CreateIndex
CREATE INDEX "Integration_organizationId_type_idx" ON "Integration"("organizationId", "type");

-- CreateIndex
CREATE INDEX "Resource_organizationId_type_idx" ON "Resource"("organizationId", "type");

-- CreateIndex
CREATE INDEX "Resource_organizationId_status_idx" ON "Resource"("organizationId", "status");

-- CreateIndex
CREATE INDEX "Component_organizationId_state_idx" ON "Component"("organizationId", "state");

-- CreateIndex
CREATE INDEX "Component_organizationId_health_idx" ON "Component"("organizationId", "health");

-- CreateIndex
CREATE INDEX "BackgroundOperation_organizationId_status_idx" ON "BackgroundOperation"("organizationId", "status");

-- CreateIndex
CREATE INDEX "BackgroundOperation_organizationId_kind_idx" ON "BackgroundOperation"("organizationId", "kind");

-- CreateIndex
CREATE INDEX "BackgroundOperationResult_organizationId_operationId_succee_idx" ON "BackgroundOperationResult"("organizationId", "operationId", "succeeded", "ordinal");

-- CreateIndex
CREATE INDEX "AwsAccountSync_organizationId_operationId_succeeded_ordinal_idx" ON "AwsAccountSync"("organizationId", "operationId", "succeeded", "ordinal");
