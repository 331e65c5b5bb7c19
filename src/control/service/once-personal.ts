import { personalFields } from "../../contract/personal-fields.ts";
import type { Tx } from "../../db/database.ts";
import type { JsonValue } from "../../db/types.generated.ts";

type ServiceKey = { tenant_id: string; service_id: string };
type Named = { operation_id: string; method: string; path: string };

/** Pointers of the answer's fields that some document so far classed as personal, by operation. */
export type OncePersonal = ReadonlyMap<string, readonly string[]>;

/**
 * What the documents up to the registered one classed as personal. An operation of another id that answers the requests
 * of one of them has its fields too: a new name makes no new data.
 */
export async function oncePersonal(tx: Tx, key: ServiceKey, next: readonly Named[]): Promise<OncePersonal> {
  const { rows, stored } = await readFields(tx, key);
  const byId = new Map(stored);
  const byRequest = new Map<string, string[]>();
  for (const row of rows) {
    const fields = [...new Set([...(byId.get(row.operation_id) ?? []), ...personalFields(row.response_schema)])];
    byId.set(row.operation_id, fields);
    byRequest.set(requestOf(row), fields);
  }
  for (const operation of next) {
    const inherited = byRequest.get(requestOf(operation)) ?? [];
    const fields = [...new Set([...(byId.get(operation.operation_id) ?? []), ...inherited])];
    if (fields.length > 0) byId.set(operation.operation_id, fields);
  }
  return byId;
}

/** Keeps it beside the service; it only grows. */
export async function rememberPersonal(tx: Tx, key: ServiceKey, known: OncePersonal): Promise<void> {
  await tx
    .updateTable("service")
    .set({ once_personal: JSON.stringify(Object.fromEntries(known)) })
    .where("tenant_id", "=", key.tenant_id)
    .where("service_id", "=", key.service_id)
    .execute();
}

async function readFields(tx: Tx, key: ServiceKey) {
  const service = await tx
    .selectFrom("service")
    .select("once_personal")
    .where("tenant_id", "=", key.tenant_id)
    .where("service_id", "=", key.service_id)
    .executeTakeFirstOrThrow();
  const rows = await tx
    .selectFrom("operation")
    .select(["operation_id", "method", "path", "response_schema"])
    .where("tenant_id", "=", key.tenant_id)
    .where("service_id", "=", key.service_id)
    .execute();
  return { rows, stored: storedFields(service.once_personal) };
}

function requestOf({ method, path }: Named): string {
  return `${method} ${path.replaceAll(/\{[^}]*\}/g, "{}")}`;
}

/** Written by rememberPersonal alone. */
export function storedFields(value: JsonValue): [operationId: string, fields: string[]][] {
  return Object.entries(Object(value) as Record<string, string[]>);
}
