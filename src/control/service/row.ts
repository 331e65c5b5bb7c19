import { AppError } from "../../contract/errors.ts";
import type { ServiceDetail } from "../../contract/service.ts";
import type { Tx } from "../../db/database.ts";
import type { JsonValue } from "../../db/types.generated.ts";
import { isoOrNull } from "../instants.ts";

/** A service as its route shows it; `not-found` for an id that the tenant does not have. */
export async function serviceDetail(tx: Tx, tenantId: string, serviceId: string): Promise<ServiceDetail> {
  const row = await tx
    .selectFrom("service")
    .select(["service_id", "name", "live_url", "sandbox_url", "state", "created_at", "version"])
    .select(["health_path", "health_every_seconds", "status_map"])
    .select((select) =>
      select
        .selectFrom("operation")
        .select((inner) => inner.fn.countAll<bigint>().as("count"))
        .whereRef("operation.tenant_id", "=", "service.tenant_id")
        .whereRef("operation.service_id", "=", "service.service_id")
        .as("operations"),
    )
    .where("tenant_id", "=", tenantId)
    .where("service_id", "=", serviceId)
    .executeTakeFirst();
  if (row === undefined) throw new AppError("not-found");
  const health = await healthOf(tx, tenantId, serviceId);
  const { health_path, health_every_seconds, status_map, operations, created_at, ...shown } = row;
  return {
    ...shown,
    created_at: created_at.toISOString(),
    targets: {
      live: health.filter((one) => one.mode === "live").map((one) => one.url),
      sandbox: health.filter((one) => one.mode === "test").map((one) => one.url),
    },
    health_check: { path: health_path, every_seconds: health_every_seconds },
    status_map: storedStatusMap(status_map),
    operations: Number(operations ?? 0n),
    health,
  };
}

async function healthOf(tx: Tx, tenantId: string, serviceId: string): Promise<ServiceDetail["health"]> {
  const rows = await tx
    .selectFrom("service_target")
    .select(["mode", "url", "health_state", "health_since", "health_code", "checked_at"])
    .where("tenant_id", "=", tenantId)
    .where("service_id", "=", serviceId)
    .orderBy("mode")
    .orderBy("position")
    .execute();
  return rows.map((row) => ({
    mode: row.mode,
    url: row.url,
    state: row.health_state,
    since: isoOrNull(row.health_since),
    code: row.health_code,
    checked_at: isoOrNull(row.checked_at),
  }));
}

/** Status maps are written by control alone, after the contract checked them. */
function storedStatusMap(value: JsonValue): ServiceDetail["status_map"] {
  return value as ServiceDetail["status_map"];
}
