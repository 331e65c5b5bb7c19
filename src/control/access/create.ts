import { sql } from "kysely";
import { appendAdminEntry } from "../../audit/append.ts";
import type { Access, NewAccess } from "../../contract/access.ts";
import { AppError } from "../../contract/errors.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import type { ActionContext } from "../context.ts";
import { isoOrNull, parseFutureInstant } from "../instants.ts";
import { requireActiveLicense } from "../license/get.ts";
import { requireActivePartner } from "../partner/get.ts";
import { lockPolicy } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";
import { openedBy } from "./check-accesses-of.ts";
import { checkKind } from "./check-kind.ts";
import { requireWithinLicense } from "./license-bindings.ts";
import { parseNetworks } from "./networks.ts";
import { parseOrigins } from "./origins.ts";
import { checkOwnCreation } from "./own-creation.ts";
import { accessColumns, accessOf } from "./row.ts";
import { parseCertificateHash, parseSignatureKey } from "./second-factors.ts";

/**
 * Creates the access of a client to a license of its partner. `conflict` when the two have one already or one of them is
 * not active; `invalid-field` for what the kind does not allow (see check-kind.ts), and what a partner's own user may not
 * (see own-creation.ts).
 */
export async function createAccess(ctx: ActionContext, input: NewAccess): Promise<Access> {
  requireScope(ctx, "accesses:write");
  const now = ctx.clock.now();
  const values = {
    kind: input.kind,
    mode: input.mode,
    cidrs: parseNetworks(input.cidrs ?? []),
    origins: parseOrigins(input.origins ?? [], input.mode),
    certificate_sha256: parseCertificateHash(input.certificate_sha256 ?? null),
    signature_key: parseSignatureKey(input.signature_key ?? null),
    expires_at: input.expires_at === undefined ? null : parseFutureInstant(input.expires_at, now, "/body/expires_at"),
  };
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    const license = await requireActiveLicense(tx, { ...ctx, now }, input.license_id);
    await requireActivePartner(tx, ctx.tenantId, license.partner_id);
    await requireClientOf(tx, ctx.tenantId, { clientId: input.client_id, partnerId: license.partner_id });
    const storedFactor = values.certificate_sha256 !== null || values.signature_key !== null;
    checkKind({ ...values, ...(await openedBy(tx, ctx.tenantId, license.operations)), storedFactor });
    await requireWithinLicense(tx, ctx.tenantId, {
      ...values,
      license_id: input.license_id,
      certificate: input.certificate_sha256,
    });
    await checkOwnCreation(tx, ctx, { ...values, license_id: input.license_id, expires_at: isoOrNull(values.expires_at) });
    const row = await tx
      .insertInto("access")
      .values({
        tenant_id: ctx.tenantId,
        access_id: newId("acc"),
        client_id: input.client_id,
        license_id: input.license_id,
        ...values,
        cidrs: sql`${values.cidrs}::text[]::cidr[]`,
        created_at: now,
      })
      .onConflict((conflict) => conflict.columns(["tenant_id", "client_id", "license_id"]).doNothing())
      .returning(accessColumns)
      .executeTakeFirst();
    if (row === undefined) throw new AppError("conflict", "this client has an access to this license already");
    const access = accessOf(row);
    await appendAdminEntry(tx, ctx, {
      action: "access.create",
      target: { kind: "access", id: access.access_id },
      after: access,
      detail: { client_id: access.client_id, license_id: access.license_id, kind: access.kind, mode: access.mode },
    });
    return access;
  });
}

async function requireClientOf(tx: Tx, tenantId: string, of: { clientId: string; partnerId: string }): Promise<void> {
  const row = await tx
    .selectFrom("client")
    .select(["partner_id", "state"])
    .where("tenant_id", "=", tenantId)
    .where("client_id", "=", of.clientId)
    .executeTakeFirst();
  if (row === undefined || row.partner_id !== of.partnerId) {
    throw new AppError("invalid-field", "the license's partner has no such client", { pointer: "/body/client_id" });
  }
  if (row.state !== "active") throw new AppError("conflict", "the client is not active");
}
