import { randomBytes } from "node:crypto";
import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import { lintOpenapi, type Finding } from "../../contract/lint-openapi.ts";
import type { NewService, ServiceDetail } from "../../contract/service.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import { seal } from "../../platform/seal.ts";
import type { ActionContext } from "../context.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { lockPolicy } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";
import { readDocument } from "./read-document.ts";
import { replaceOperations } from "./replace-operations.ts";
import { serviceDetail } from "./row.ts";
import { checkTargets, replaceTargets, urlsOf } from "./targets.ts";
import { addVersion } from "./versions.ts";

/**
 * Registers a service by its document. The identity key is made here and given once. `invalid-field` with the pointer of
 * a fault of the document or targets, `conflict` when the name is taken or another service answers the same requests.
 */
export async function createService(
  ctx: ActionContext,
  input: NewService,
): Promise<ServiceDetail & { identity_key: string; findings: Finding[] }> {
  requireScope(ctx, "services:write");
  requireWholeTenant(ctx);
  checkTargets(input.targets, ctx.ownPlaces);
  const operations = readDocument(input.openapi);
  const identityKey = randomBytes(32);
  const key = { tenant_id: ctx.tenantId, service_id: newId("svc") };
  const detail = await tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    await refuseKnownName(tx, ctx.tenantId, input.name);
    await tx
      .insertInto("service")
      .values({
        ...key,
        name: input.name,
        ...urlsOf(input.targets),
        credential_sealed: seal(ctx.keyring.data, input.credential, `service.credential:${key.service_id}`),
        identity_key_sealed: seal(ctx.keyring.data, identityKey, `service.identity_key:${key.service_id}`),
        openapi: JSON.stringify(input.openapi),
        health_path: input.health_check?.path ?? null,
        ...(input.health_check === undefined ? {} : { health_every_seconds: input.health_check.every_seconds }),
        status_map: JSON.stringify(input.status_map ?? {}),
        created_at: ctx.clock.now(),
      })
      .execute();
    await replaceOperations(tx, key, operations);
    await replaceTargets(tx, key, input.targets);
    await addVersion(tx, ctx, key, { version: 1, openapi: input.openapi, diff: null, reason: null });
    await appendAdminEntry(tx, ctx, {
      action: "service.register",
      target: { kind: "service", id: key.service_id },
      detail: { name: input.name, targets: input.targets, operations: operations.map((one) => one.operation_id), replaced: false },
    });
    return serviceDetail(tx, ctx.tenantId, key.service_id);
  });
  return { ...detail, identity_key: identityKey.toString("base64url"), findings: lintOpenapi(input.openapi) };
}

/** `conflict` when another service of the tenant has the name. */
export async function refuseKnownName(tx: Tx, tenantId: string, name: string, exceptId = ""): Promise<void> {
  const row = await tx
    .selectFrom("service")
    .select("service_id")
    .where("tenant_id", "=", tenantId)
    .where("name", "=", name)
    .where("service_id", "!=", exceptId)
    .executeTakeFirst();
  if (row !== undefined) throw new AppError("conflict", "another service has this name", { pointer: "/body/name" });
}
