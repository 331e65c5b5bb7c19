import { AppError } from "../../contract/errors.ts";
import { isLgpdClass } from "../../contract/lgpd.ts";
import type { Operation, OperationDetail } from "../../contract/service.ts";
import { schemaFields } from "../../contract/unpack-schema.ts";
import type { Tx } from "../../db/database.ts";
import { isoOrNull } from "../instants.ts";

export const operationColumns = [
  "operation_id",
  "service_id",
  "method",
  "path",
  "summary",
  "publishable",
  "state",
  "tags",
  "timeout_ms",
  "timeout_override_ms",
  "deprecated_at",
  "sunset_at",
  "response_schema",
] as const;

type OperationRow = Omit<Operation, "deprecated_at" | "sunset_at" | "classes"> & {
  timeout_override_ms: number | null;
  deprecated_at: Date | null;
  sunset_at: Date | null;
  response_schema: unknown;
};

export function operationOf({ response_schema, timeout_override_ms, ...row }: OperationRow): Operation {
  return {
    ...row,
    timeout_ms: timeout_override_ms ?? row.timeout_ms,
    deprecated_at: isoOrNull(row.deprecated_at),
    sunset_at: isoOrNull(row.sunset_at),
    classes: classesOf(response_schema),
  };
}

/** x-lgpd classes that stand in a schema. */
export function classesOf(schema: unknown): string[] {
  const classes = schemaFields(schema).map((field) => field.schema["x-lgpd"]);
  return [...new Set(classes.filter((name) => typeof name === "string"))].sort();
}

/** An operation of this service with everything known about it; `not-found` otherwise. */
export async function operationDetail(
  tx: Tx,
  tenantId: string,
  of: { service_id: string; operation_id: string },
): Promise<OperationDetail> {
  const row = await tx
    .selectFrom("operation")
    .select([...operationColumns, "max_body_bytes", "parameters", "request_schema", "upstream"])
    .where("tenant_id", "=", tenantId)
    .where("service_id", "=", of.service_id)
    .where("operation_id", "=", of.operation_id)
    .executeTakeFirst();
  if (row === undefined) throw new AppError("not-found");
  const { max_body_bytes, parameters, request_schema, upstream, ...shown } = row;
  const held = await tx
    .selectFrom("license_operation")
    .select("license_id")
    .where("tenant_id", "=", tenantId)
    .where("operation_id", "=", of.operation_id)
    .orderBy("license_id")
    .execute();
  return {
    ...operationOf(shown),
    max_body_bytes,
    parameters,
    request_schema,
    response_schema: row.response_schema,
    upstream,
    fields: schemaFields(row.response_schema).flatMap(({ pointer, schema }) =>
      isLgpdClass(schema["x-lgpd"]) ? [{ pointer, class: schema["x-lgpd"], subject: schema["x-lgpd-subject"] === true }] : [],
    ),
    license_ids: held.map((one) => one.license_id),
  };
}
