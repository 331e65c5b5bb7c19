import { randomBytes } from "node:crypto";
import { appendAdminEntry } from "../../audit/append.ts";
import type { ServiceDetail } from "../../contract/service.ts";
import { tenantTx } from "../../db/tx.ts";
import { seal } from "../../platform/seal.ts";
import type { ActionContext } from "../context.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { lockPolicy } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";
import { serviceDetail } from "./row.ts";

/** Replaces the credential that the service is called with, from the next call on; the reason stands in the audit. */
export async function rotateCredential(
  ctx: ActionContext,
  input: { service_id: string; credential: string; reason: string },
): Promise<ServiceDetail> {
  requireScope(ctx, "services:write");
  requireWholeTenant(ctx);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    const detail = await serviceDetail(tx, ctx.tenantId, input.service_id);
    await tx
      .updateTable("service")
      .set({ credential_sealed: seal(ctx.keyring.data, input.credential, `service.credential:${input.service_id}`) })
      .where("tenant_id", "=", ctx.tenantId)
      .where("service_id", "=", input.service_id)
      .execute();
    await appendAdminEntry(tx, ctx, {
      action: "service.rotate_credential",
      target: { kind: "service", id: input.service_id },
      detail: { reason: input.reason },
    });
    return detail;
  });
}

/** Makes a new key of the identity header and gives it once. The service must take both until it has this one. */
export async function rotateIdentityKey(
  ctx: ActionContext,
  input: { service_id: string; reason: string },
): Promise<{ service_id: string; identity_key: string }> {
  requireScope(ctx, "services:write");
  requireWholeTenant(ctx);
  const identityKey = randomBytes(32);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    await serviceDetail(tx, ctx.tenantId, input.service_id);
    await tx
      .updateTable("service")
      .set({ identity_key_sealed: seal(ctx.keyring.data, identityKey, `service.identity_key:${input.service_id}`) })
      .where("tenant_id", "=", ctx.tenantId)
      .where("service_id", "=", input.service_id)
      .execute();
    await appendAdminEntry(tx, ctx, {
      action: "service.rotate_identity_key",
      target: { kind: "service", id: input.service_id },
      detail: { reason: input.reason },
    });
    return { service_id: input.service_id, identity_key: identityKey.toString("base64url") };
  });
}
