import { sql } from "kysely";
import { AppError } from "../../contract/errors.ts";
import { createPathIndex } from "../../contract/path-index.ts";
import type { UnpackedOperation } from "../../contract/unpack-openapi.ts";
import { oncePersonal, rememberPersonal } from "./once-personal.ts";
import type { Tx } from "../../db/database.ts";

type ServiceKey = { tenant_id: string; service_id: string };

/**
 * Makes the service's operations those given; what the operator set on one (deadline, dates) stays. `conflict` when an
 * operation of another service of the tenant has the same id or answers the same requests, or when licenses hold one
 * that would disappear or be no longer served; the detail names them.
 */
export async function replaceOperations(tx: Tx, key: ServiceKey, operations: readonly UnpackedOperation[]): Promise<void> {
  await refuseClash(tx, key, operations);
  const lost = await heldOperations(tx, key, operations);
  if (lost.length > 0) throw new AppError("conflict", lostText(lost));
  await rememberPersonal(tx, key, await oncePersonal(tx, key, operations));
  const licensed = await licensedOperations(tx, key);
  await deleteUnlicensed(
    tx,
    key,
    licensed.map((row) => row.operation_id),
  );
  await clearPaths(tx, key);
  await upsertAll(tx, key, operations);
}

export type HeldOperation = { operation_id: string; license_ids: string[] };

/** Operations that licenses hold and these would no longer serve, with the licenses. */
export async function heldOperations(
  tx: Tx,
  key: ServiceKey,
  operations: readonly Pick<UnpackedOperation, "operation_id" | "state">[],
): Promise<HeldOperation[]> {
  const served = new Set(operations.filter(({ state }) => state === "served").map((operation) => operation.operation_id));
  const rows = (await licensedOperations(tx, key)).filter((row) => !served.has(row.operation_id));
  const byOperation = Map.groupBy(rows, (row) => row.operation_id);
  return [...byOperation].map(([operation_id, held]) => ({ operation_id, license_ids: held.map((row) => row.license_id) }));
}

function lostText(lost: readonly HeldOperation[]): string {
  const named = lost.slice(0, 20).map((one) => `${one.operation_id} (${one.license_ids.slice(0, 20).join(", ")})`);
  return `licenses hold operations that the document no longer serves: ${named.join("; ")}`;
}

async function refuseClash(tx: Tx, key: ServiceKey, operations: readonly UnpackedOperation[]): Promise<void> {
  const others = await tx
    .selectFrom("operation")
    .select(["operation_id", "method", "path"])
    .where("tenant_id", "=", key.tenant_id)
    .where("service_id", "!=", key.service_id)
    .execute();
  const ids = new Set(others.map((other) => other.operation_id));
  const byMethod = Map.groupBy(others, (other) => other.method);
  const indexes = new Map([...byMethod].map(([method, rows]) => [method, createPathIndex(rows.map((row) => row.path))]));
  for (const { operation_id, method, path } of operations) {
    if (ids.has(operation_id)) throw new AppError("conflict", `another service has an operation ${operation_id}`);
    if (indexes.get(method)?.clashing(path) !== undefined) throw new AppError("conflict", `another service answers ${method} ${path}`);
  }
}

function licensedOperations(tx: Tx, key: ServiceKey): Promise<{ operation_id: string; license_id: string }[]> {
  return tx
    .selectFrom("license_operation")
    .innerJoin("operation", (join) =>
      join
        .onRef("operation.tenant_id", "=", "license_operation.tenant_id")
        .onRef("operation.operation_id", "=", "license_operation.operation_id"),
    )
    .select(["operation.operation_id", "license_operation.license_id"])
    .where("operation.tenant_id", "=", key.tenant_id)
    .where("operation.service_id", "=", key.service_id)
    .orderBy("operation.operation_id")
    .orderBy("license_operation.license_id")
    .execute();
}

async function deleteUnlicensed(tx: Tx, key: ServiceKey, licensed: readonly string[]): Promise<void> {
  await tx
    .deleteFrom("operation")
    .where("tenant_id", "=", key.tenant_id)
    .where("service_id", "=", key.service_id)
    .where(sql<boolean>`operation_id <> ALL (${licensed}::text[])`)
    .execute();
}

/** Two operations may have exchanged their paths, which are unique at every moment: nobody holds one while they are set. */
async function clearPaths(tx: Tx, key: ServiceKey): Promise<void> {
  await tx
    .updateTable("operation")
    .set({ path: sql`'~' || operation_id` })
    .where("tenant_id", "=", key.tenant_id)
    .where("service_id", "=", key.service_id)
    .execute();
}

/** One statement for all of them. */
async function upsertAll(tx: Tx, key: ServiceKey, operations: readonly UnpackedOperation[]): Promise<void> {
  await tx
    .insertInto("operation")
    .values(operations.map((operation) => ({ ...key, ...columnsOf(operation) })))
    .onConflict((conflict) =>
      conflict.columns(["tenant_id", "service_id", "operation_id"]).doUpdateSet((set) => ({
        method: set.ref("excluded.method"),
        path: set.ref("excluded.path"),
        summary: set.ref("excluded.summary"),
        parameters: set.ref("excluded.parameters"),
        request_schema: set.ref("excluded.request_schema"),
        response_schema: set.ref("excluded.response_schema"),
        publishable: set.ref("excluded.publishable"),
        timeout_ms: set.ref("excluded.timeout_ms"),
        max_body_bytes: set.ref("excluded.max_body_bytes"),
        tags: set.ref("excluded.tags"),
        state: set.ref("excluded.state"),
        upstream: set.ref("excluded.upstream"),
      })),
    )
    .execute();
}

function columnsOf(operation: UnpackedOperation) {
  return {
    ...operation,
    upstream: operation.upstream === null ? null : JSON.stringify(operation.upstream),
    parameters: JSON.stringify(operation.parameters),
    request_schema: operation.request_schema === null ? null : JSON.stringify(operation.request_schema),
    response_schema: operation.response_schema === null ? null : JSON.stringify(operation.response_schema),
  };
}
