import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import { unpackOpenapi, type UnpackedOperation } from "../../contract/unpack-openapi.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import { seal } from "../../platform/seal.ts";
import type { Secret } from "../../platform/secret.ts";
import type { ActionContext } from "../context.ts";
import { lockPolicy } from "../policy-lock.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { replaceOperations } from "./replace-operations.ts";
import { isOrigin, replaceTargets } from "./targets.ts";
import { addVersion, diffWithStored } from "./versions.ts";

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
  /** OpenAPI 3.0 or 3.1 document. */
  openapi: unknown;
};

type Known = { service_id: string; version: number; changed: boolean } | undefined;
type Next = { key: { tenant_id: string; service_id: string }; known: Known; operations: readonly UnpackedOperation[] };

/**
 * The platform's own way to register a service, or to replace URLs, credentials and operations of the one with this
 * name. A document that differs from the stored one becomes the next version. An operation that a license holds cannot
 * disappear (`conflict`); what its release opens to a published license is not asked for. `invalid-field` for a bad URL or document.
 */
export async function registerService(ctx: ActionContext, input: ServiceInput): Promise<{ service_id: string; operation_ids: string[] }> {
  requireScope(ctx, "services:write");
  requireWholeTenant(ctx);
  checkUrls(input);
  const operations = unpackOpenapi(input.openapi);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    const known = await serviceNamed(tx, ctx.tenantId, input);
    const key = { tenant_id: ctx.tenantId, service_id: known?.service_id ?? newId("svc") };
    await storeService(tx, ctx, { key, known, operations }, input);
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

async function storeService(tx: Tx, ctx: ActionContext, next: Next, input: ServiceInput): Promise<void> {
  const { key, known, operations } = next;
  const version = known === undefined ? 1 : known.version + (known.changed ? 1 : 0);
  const values = {
    name: input.name,
    live_url: input.liveUrl,
    sandbox_url: input.sandboxUrl,
    credential_sealed: seal(ctx.keyring.data, input.credential.reveal(), `service.credential:${key.service_id}`),
    identity_key_sealed: seal(ctx.keyring.data, input.identityKey, `service.identity_key:${key.service_id}`),
    openapi: JSON.stringify(input.openapi),
    version,
  };
  const diff = known?.changed === true ? diffWithStored(await storedOpenapi(tx, key), operations) : null;
  if (known === undefined)
    await tx
      .insertInto("service")
      .values({ ...key, ...values, created_at: ctx.clock.now() })
      .execute();
  else
    await tx.updateTable("service").set(values).where("tenant_id", "=", key.tenant_id).where("service_id", "=", key.service_id).execute();
  await replaceOperations(tx, key, operations);
  await replaceTargets(tx, key, { live: listOf(input.liveUrl), sandbox: listOf(input.sandboxUrl) });
  if (known === undefined || known.changed) await addVersion(tx, ctx, key, { version, openapi: input.openapi, diff, reason: null });
}

async function serviceNamed(tx: Tx, tenantId: string, input: ServiceInput): Promise<Known> {
  return tx
    .selectFrom("service")
    .select(["service_id", "version"])
    .select((select) => select("openapi", "is distinct from", JSON.stringify(input.openapi)).$castTo<boolean>().as("changed"))
    .where("tenant_id", "=", tenantId)
    .where("name", "=", input.name)
    .executeTakeFirst();
}

async function storedOpenapi(tx: Tx, key: Next["key"]) {
  const row = await tx
    .selectFrom("service")
    .select("openapi")
    .where("tenant_id", "=", key.tenant_id)
    .where("service_id", "=", key.service_id)
    .executeTakeFirstOrThrow();
  return row.openapi;
}

function listOf(url: string | null): string[] {
  return url === null ? [] : [url];
}

function checkUrls(input: ServiceInput): void {
  if (input.liveUrl === null && input.sandboxUrl === null) throw new AppError("invalid-field", "a service needs a live or a sandbox URL");
  for (const url of [input.liveUrl, input.sandboxUrl]) {
    if (url !== null && !isOrigin(url)) {
      throw new AppError("invalid-field", "a service URL is an origin: scheme, host and port, without a path");
    }
  }
}
