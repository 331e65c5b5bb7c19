import { AppError } from "../../contract/errors.ts";
import type { LicenseOperation, OperationInput } from "../../contract/license-content.ts";
import type { Tx } from "../../db/database.ts";
import { storedFields } from "../service/once-personal.ts";

/** An operation as far as licenses look at it. */
export type KnownOperation = {
  operation_id: string;
  method: string;
  parameters: unknown;
  request_schema: unknown;
  response_schema: unknown;
  publishable: boolean;
  state: "served" | "described";
  tags: string[];
  /** Pointers of fields of its answer that an earlier document classed as personal. */
  once_personal?: readonly string[];
};

export type KnownOperations = ReadonlyMap<string, KnownOperation>;

/** The tenant's operations by id. */
export async function knownOperations(tx: Tx, tenantId: string): Promise<KnownOperations> {
  const rows = await tx
    .selectFrom("operation")
    .select(["operation_id", "method", "parameters", "request_schema", "response_schema", "publishable", "state", "tags"])
    .where("tenant_id", "=", tenantId)
    .orderBy("operation_id")
    .execute();
  const services = await tx.selectFrom("service").select("once_personal").where("tenant_id", "=", tenantId).execute();
  const once = new Map(services.flatMap((service) => storedFields(service.once_personal)));
  return new Map(rows.map((row) => [row.operation_id, { ...row, once_personal: once.get(row.operation_id) ?? [] }]));
}

/**
 * The operations asked for, by id: a tag stands for the served operations that carry it, but for those named by id.
 * Refuses (`invalid-field`) an id or tag that is not known, an operation that no adapter serves, and anything asked twice.
 */
export function namedOperations(known: KnownOperations, asked: readonly OperationInput[]): LicenseOperation[] {
  const byId = new Set(asked.map((item) => item.operation_id));
  const found = new Map<string, LicenseOperation>();
  for (const [index, item] of asked.entries()) {
    const at = `/body/operations/${index}`;
    for (const operationId of idsOf(known, item, { at, byId })) {
      if (found.has(operationId)) refuse(`${at}/${item.tag === undefined ? "operation_id" : "tag"}`, `${operationId} is named twice`);
      found.set(operationId, {
        operation_id: operationId,
        projection: item.projection,
        ...(item.fields === undefined ? {} : { fields: item.fields }),
      });
    }
  }
  return [...found.values()];
}

type Asked = { at: string; byId: ReadonlySet<string | undefined> };

function idsOf(known: KnownOperations, item: OperationInput, { at, byId }: Asked): string[] {
  const { operation_id: id, tag } = item;
  if ((id === undefined) === (tag === undefined)) refuse(at, "an operation_id or a tag is expected, not both");
  if (tag !== undefined) {
    const tagged = [...known.values()].filter((operation) => operation.state === "served" && operation.tags.includes(tag));
    if (tagged.length === 0) refuse(`${at}/tag`, "no operation that is served carries this tag");
    return tagged.map((operation) => operation.operation_id).filter((operationId) => !byId.has(operationId));
  }
  const operation = known.get(id ?? "");
  if (operation === undefined) return refuse(`${at}/operation_id`, "this operation is not known");
  if (operation.state !== "served") refuse(`${at}/operation_id`, "this operation is described only: nothing serves it yet");
  return [operation.operation_id];
}

function refuse(pointer: string, detail: string): never {
  throw new AppError("invalid-field", detail, { pointer });
}
