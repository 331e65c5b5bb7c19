import { appendAdminEntry } from "../../audit/append.ts";
import type { OpenapiDiff } from "../../contract/diff-openapi.ts";
import { AppError } from "../../contract/errors.ts";
import { lintOpenapi, type Finding } from "../../contract/lint-openapi.ts";
import type { ServiceDetail } from "../../contract/service.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { lockPolicy } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";
import { requireMatch } from "../row-version.ts";
import { readDocument } from "./read-document.ts";
import { refuseOpening } from "./opened-cells.ts";
import { replaceOperations } from "./replace-operations.ts";
import { serviceDetail } from "./row.ts";
import { addVersion, diffWithStored } from "./versions.ts";

type NewDocument = { service_id: string; openapi: unknown; accept_breaking?: boolean; reason?: string };

/**
 * Registers the next version of a service's document. `conflict` when it breaks callers and that is not accepted with a
 * reason, when a license holds an operation that it no longer serves, when it opens something to a published license, or when another service answers the same requests.
 */
export async function replaceOpenapi(
  ctx: ActionContext,
  input: NewDocument,
): Promise<{ service: ServiceDetail; diff: OpenapiDiff; findings: Finding[] }> {
  requireScope(ctx, "services:write");
  requireWholeTenant(ctx);
  const operations = readDocument(input.openapi);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    const key = { tenant_id: ctx.tenantId, service_id: input.service_id };
    const before = await serviceDetail(tx, ctx.tenantId, input.service_id);
    requireMatch(ctx, "GET /v1/services/{service_id}", before);
    const stored = await tx
      .selectFrom("service")
      .select("openapi")
      .where("tenant_id", "=", ctx.tenantId)
      .where("service_id", "=", input.service_id)
      .executeTakeFirstOrThrow();
    const diff = diffWithStored(stored.openapi, operations);
    const version = before.version + 1;
    await refuseOpening(tx, key, operations);
    await replaceOperations(tx, key, operations);
    requireAccepted(diff, input);
    await tx
      .updateTable("service")
      .set({ openapi: JSON.stringify(input.openapi), version })
      .where("tenant_id", "=", ctx.tenantId)
      .where("service_id", "=", input.service_id)
      .execute();
    await addVersion(tx, ctx, key, { version, openapi: input.openapi, diff, reason: input.reason ?? null });
    await appendAdminEntry(tx, ctx, {
      action: "service.describe",
      target: { kind: "service", id: input.service_id },
      detail: { version, ...summaryOf(diff), reason: input.reason ?? null },
    });
    return { service: await serviceDetail(tx, ctx.tenantId, input.service_id), diff, findings: lintOpenapi(input.openapi) };
  });
}

function requireAccepted(diff: OpenapiDiff, input: NewDocument): void {
  if (!diff.breaking) return;
  if (input.accept_breaking !== true)
    throw new AppError("conflict", "the document breaks callers: look at …/openapi/diff, then send accept_breaking and a reason", {
      pointer: "/body/accept_breaking",
    });
  if (input.reason === undefined) throw new AppError("invalid-field", "a breaking change needs a reason", { pointer: "/body/reason" });
}

function summaryOf(diff: OpenapiDiff) {
  return { added: diff.added, removed: diff.removed, changed: diff.changed.map((one) => one.operation_id), breaking: diff.breaking };
}
