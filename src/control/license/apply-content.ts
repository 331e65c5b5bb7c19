import { packIntegers } from "../../contract/packed-integers.ts";
import type { Tx } from "../../db/database.ts";
import type { LicenseDraft } from "./draft.ts";

type LicenseKey = { tenant_id: string; license_id: string };

/** Columns of the license's own row that a draft fills. */
export function licenseValues({ content }: LicenseDraft) {
  return {
    name: content.name,
    purpose: content.purpose,
    legal_basis: content.legal_basis,
    starts_at: new Date(content.starts_at),
    ends_at: new Date(content.ends_at),
    rate_per_second: content.rate_per_second.toFixed(3),
    burst: content.burst,
    quota_day: content.quota_day,
    quota_month: content.quota_month,
  };
}

/** Makes the operations, events and objects that the gateway and the dispatcher read those of the draft. */
export async function applyGrants(tx: Tx, key: LicenseKey, draft: LicenseDraft): Promise<void> {
  for (const table of ["license_operation", "license_event", "license_object"] as const)
    await tx.deleteFrom(table).where("tenant_id", "=", key.tenant_id).where("license_id", "=", key.license_id).execute();
  const operations = draft.content.operations.map(({ operation_id, projection, fields }) => ({
    ...key,
    operation_id,
    projection: JSON.stringify(projection),
    fields: fields ?? null,
  }));
  if (operations.length > 0) await tx.insertInto("license_operation").values(operations).execute();
  const events = draft.content.events.map(({ event_type, variant }) => ({ ...key, event_type, variant }));
  if (events.length > 0) await tx.insertInto("license_event").values(events).execute();
  await insertScope(tx, key, draft);
}

async function insertScope(tx: Tx, key: LicenseKey, { content, matriculas }: LicenseDraft): Promise<void> {
  const scope = content.object_scope;
  if (scope === null) return;
  await tx
    .insertInto("license_object")
    .values({
      ...key,
      municipalities: scope.municipalities,
      localities: scope.localities,
      matriculas: matriculas.length === 0 ? null : Buffer.from(packIntegers(matriculas)),
      ranges: scope.contract_ranges.flatMap(({ from, to }) => [from, to]),
    })
    .execute();
}
