import { diffOperations, type OpenapiDiff } from "../../contract/diff-openapi.ts";
import { unpackOpenapi, type UnpackedOperation } from "../../contract/unpack-openapi.ts";
import type { Tx } from "../../db/database.ts";
import type { JsonValue } from "../../db/types.generated.ts";
import type { ActionContext } from "../context.ts";

type ServiceKey = { tenant_id: string; service_id: string };
type NewVersion = { version: number; openapi: unknown; diff: OpenapiDiff | null; reason: string | null };

/** Keeps the document beside all that were registered before. */
export async function addVersion(tx: Tx, ctx: Pick<ActionContext, "actor" | "clock">, key: ServiceKey, next: NewVersion): Promise<void> {
  await tx
    .insertInto("service_version")
    .values({
      ...key,
      version: next.version,
      openapi: JSON.stringify(next.openapi),
      diff: next.diff === null ? null : JSON.stringify(next.diff),
      reason: next.reason,
      actor_kind: ctx.actor.kind,
      actor_id: ctx.actor.id,
      created_at: ctx.clock.now(),
    })
    .execute();
}

/** What `operations` change against the document that is registered now. */
export function diffWithStored(stored: JsonValue, operations: readonly UnpackedOperation[]): OpenapiDiff {
  return diffOperations(unpackOpenapi(stored), operations);
}
