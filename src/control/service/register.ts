import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import { unpackOpenapi } from "../../contract/unpack-openapi.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import { seal } from "../../platform/seal.ts";
import type { Secret } from "../../platform/secret.ts";
import type { ActionContext } from "../context.ts";
import { lockPolicy } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";
import { replaceOperations } from "./replace-operations.ts";

export type ServiceInput = {
  /** Unique in the tenant; registering the name again replaces what is registered under it. */
  name: string;
  /** Origins: scheme, host, port. At least one of the two. */
  liveUrl: string | null;
  sandboxUrl: string | null;
  /** Sent to the service as Authorization: Bearer. */
  credential: Secret;
  /** Signs the identity header that the service verifies. */
  identityKey: Buffer;
  /** OpenAPI 3.1 document. */
  openapi: unknown;
};

/**
 * Registers a service, or replaces URLs, credentials and operations of the one with this name. An operation that a
 * license holds cannot disappear (`conflict`). `invalid-field` for a bad URL or document.
 */
export async function registerService(ctx: ActionContext, input: ServiceInput): Promise<{ service_id: string; operation_ids: string[] }> {
  requireScope(ctx, "services:write");
  checkUrls(input);
  const operations = unpackOpenapi(input.openapi);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    const known = await serviceNamed(tx, ctx.tenantId, input.name);
    const key = { tenant_id: ctx.tenantId, service_id: known ?? newId("svc") };
    const values = {
      name: input.name,
      live_url: input.liveUrl,
      sandbox_url: input.sandboxUrl,
      credential_sealed: seal(ctx.keyring.data, input.credential.reveal(), `service.credential:${key.service_id}`),
      identity_key_sealed: seal(ctx.keyring.data, input.identityKey, `service.identity_key:${key.service_id}`),
      openapi: JSON.stringify(input.openapi),
    };
    if (known === undefined)
      await tx
        .insertInto("service")
        .values({ ...key, ...values, created_at: ctx.clock.now() })
        .execute();
    else await tx.updateTable("service").set(values).where("tenant_id", "=", ctx.tenantId).where("service_id", "=", known).execute();
    await replaceOperations(tx, key, operations);
    const operationIds = operations.map((operation) => operation.operation_id);
    await appendAdminEntry(tx, ctx, {
      action: "service.register",
      target: { kind: "service", id: key.service_id },
      detail: {
        name: input.name,
        live_url: input.liveUrl,
        sandbox_url: input.sandboxUrl,
        operations: operationIds,
        replaced: known !== undefined,
      },
    });
    return { service_id: key.service_id, operation_ids: operationIds };
  });
}

async function serviceNamed(tx: Tx, tenantId: string, name: string): Promise<string | undefined> {
  const row = await tx
    .selectFrom("service")
    .select("service_id")
    .where("tenant_id", "=", tenantId)
    .where("name", "=", name)
    .executeTakeFirst();
  return row?.service_id;
}

function checkUrls(input: ServiceInput): void {
  if (input.liveUrl === null && input.sandboxUrl === null) throw new AppError("invalid-field", "a service needs a live or a sandbox URL");
  for (const url of [input.liveUrl, input.sandboxUrl]) {
    if (url !== null && (!/^https?:/.test(url) || !URL.canParse(url) || new URL(url).origin !== url)) {
      throw new AppError("invalid-field", "a service URL is an origin: scheme, host and port, without a path");
    }
  }
}
