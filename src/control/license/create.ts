import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { License, NewLicense } from "../../contract/license.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import type { ActionContext } from "../context.ts";
import { parseFutureInstant, parseInstant } from "../instants.ts";
import { requireActivePartner } from "../partner/get.ts";
import { lockPolicy } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";
import { checkGrants } from "./check-grants.ts";
import { licenseColumns, licensesOf } from "./row.ts";

/**
 * Creates an active license of an active partner, with its operations, projections and events.
 * `invalid-field` for what the LGPD rules refuse, operations that are not known, and a term that is over or reversed.
 */
export async function createLicense(ctx: ActionContext, input: NewLicense): Promise<License> {
  requireScope(ctx, "licenses:write");
  checkGrants(input);
  const now = ctx.clock.now();
  const startsAt = input.starts_at === undefined ? now : parseInstant(input.starts_at, "/body/starts_at");
  const endsAt = parseFutureInstant(input.ends_at, now, "/body/ends_at");
  if (endsAt <= startsAt) throw new AppError("invalid-field", "the license must end after it starts", { pointer: "/body/ends_at" });
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    await requireActivePartner(tx, ctx.tenantId, input.partner_id);
    await requireKnownOperations(tx, ctx.tenantId, input);
    const row = await tx
      .insertInto("license")
      .values({
        tenant_id: ctx.tenantId,
        license_id: newId("lic"),
        partner_id: input.partner_id,
        name: input.name,
        state: "active",
        purpose: input.purpose,
        legal_basis: input.legal_basis,
        starts_at: startsAt,
        ends_at: endsAt,
        rate_per_second: input.rate_per_second.toFixed(3),
        burst: input.burst,
        created_at: now,
      })
      .returning(licenseColumns)
      .executeTakeFirstOrThrow();
    await insertGrants(tx, { tenantId: ctx.tenantId, licenseId: row.license_id }, input);
    const [license] = await licensesOf(tx, ctx.tenantId, [row]);
    if (license === undefined) throw new AppError("internal");
    await appendAdminEntry(tx, ctx, {
      action: "license.create",
      target: { kind: "license", id: license.license_id },
      after: license,
      detail: { partner_id: license.partner_id, operations: license.operations, events: license.events },
    });
    return license;
  });
}

async function requireKnownOperations(tx: Tx, tenantId: string, input: NewLicense): Promise<void> {
  const ids = input.operations.map((operation) => operation.operation_id);
  if (ids.length === 0) return;
  const rows = await tx
    .selectFrom("operation")
    .select("operation_id")
    .where("tenant_id", "=", tenantId)
    .where("operation_id", "in", ids)
    .execute();
  const known = new Set(rows.map((row) => row.operation_id));
  const unknown = ids.findIndex((id) => !known.has(id));
  if (unknown >= 0) {
    throw new AppError("invalid-field", "this operation is not known", { pointer: `/body/operations/${unknown}/operation_id` });
  }
}

async function insertGrants(tx: Tx, of: { tenantId: string; licenseId: string }, input: NewLicense): Promise<void> {
  const tenant_id = of.tenantId;
  const license_id = of.licenseId;
  const operations = input.operations.map(({ operation_id, projection }) => ({
    tenant_id,
    license_id,
    operation_id,
    projection: JSON.stringify(projection),
  }));
  if (operations.length > 0) await tx.insertInto("license_operation").values(operations).execute();
  const events = (input.events ?? []).map(({ event_type, variant }) => ({ tenant_id, license_id, event_type, variant }));
  if (events.length > 0) await tx.insertInto("license_event").values(events).execute();
}
