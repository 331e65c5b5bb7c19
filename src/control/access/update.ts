import { sql } from "kysely";
import { appendAdminEntry } from "../../audit/append.ts";
import type { Access, AccessChange } from "../../contract/access.ts";
import { AppError } from "../../contract/errors.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { isoOrNull, parseFutureInstant } from "../instants.ts";
import { requirePartner, visiblePartners } from "../partner-scope.ts";
import { lockPolicy, policyEpoch } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";
import { recordRevocation } from "../revocation/record.ts";
import { requireMatch } from "../row-version.ts";
import { openedByLicense } from "./check-accesses-of.ts";
import { checkKind } from "./check-kind.ts";
import { licenseBindings, requireWithin, requireWithinLicense } from "./license-bindings.ts";
import { parseNetworks } from "./networks.ts";
import { parseOrigins } from "./origins.ts";
import { accessColumns, accessOf } from "./row.ts";
import { parseCertificateHash, parseSignatureKey } from "./second-factors.ts";

type Values = Pick<Access, "cidrs" | "origins" | "certificate_sha256" | "signature_key" | "expires_at">;

/**
 * Changes what is named of an access: networks, origins, stored second factors, end. Everything an access must be when
 * it is made holds after a change too. A partner's own user stays within what the license binds, or where it binds
 * nothing, within what the access has; and never moves its end further away. `conflict` when it is revoked.
 */
export async function updateAccess(
  ctx: ActionContext,
  input: AccessChange & { access_id: string },
): Promise<{ access: Access; epoch: bigint; revocation_id?: string }> {
  requireScope(ctx, "accesses:write");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    const { access, partnerId } = await findAccess(tx, ctx, input.access_id);
    requireMatch(ctx, "GET /v1/accesses/{access_id}", access);
    if (access.state === "revoked") throw new AppError("conflict", "the access is revoked, which is final");
    const values = valuesOf(access, input, ctx.clock.now());
    const changed = changedFields(access, values);
    if (changed.length === 0) return { access, epoch: await policyEpoch(tx) };
    await checkChange(tx, ctx, access, values);
    const after = accessOf(
      await tx
        .updateTable("access")
        .set({
          cidrs: sql`${values.cidrs}::text[]::cidr[]`,
          origins: [...values.origins],
          certificate_sha256: parseCertificateHash(values.certificate_sha256),
          signature_key: parseSignatureKey(values.signature_key),
          expires_at: values.expires_at,
        })
        .where("tenant_id", "=", ctx.tenantId)
        .where("access_id", "=", input.access_id)
        .returning(accessColumns)
        .executeTakeFirstOrThrow(),
    );
    const target = { kind: "access", id: input.access_id };
    await appendAdminEntry(tx, ctx, { action: "access.update", target, before: access, after, detail: { changed } });
    return { access: after, ...(await recordRevocation(tx, ctx, { what: "access.update", target, partnerId })) };
  });
}

async function findAccess(tx: Tx, ctx: ActionContext, accessId: string): Promise<{ access: Access; partnerId: string }> {
  const row = await tx
    .selectFrom("access")
    .select(accessColumns)
    .select((select) =>
      select
        .selectFrom("license")
        .select("partner_id")
        .whereRef("license.tenant_id", "=", "access.tenant_id")
        .whereRef("license.license_id", "=", "access.license_id")
        .as("partner_id"),
    )
    .where("tenant_id", "=", ctx.tenantId)
    .where("access_id", "=", accessId)
    .executeTakeFirst();
  if (row === undefined) throw new AppError("not-found");
  const { partner_id, ...rest } = row;
  requirePartner(ctx, partner_id ?? "");
  return { access: accessOf(rest), partnerId: partner_id ?? "" };
}

/** The fields as they would be: what the change does not name stays. */
function valuesOf(access: Access, input: AccessChange, now: Date): Values {
  const { cidrs, origins, certificate_sha256, signature_key, expires_at } = input;
  return {
    cidrs: cidrs === undefined ? access.cidrs : parseNetworks(cidrs),
    origins: origins === undefined ? access.origins : parseOrigins(origins, access.mode),
    certificate_sha256: certificate_sha256 === undefined ? access.certificate_sha256 : hexOrNull(parseCertificateHash(certificate_sha256)),
    signature_key: signature_key === undefined ? access.signature_key : (parseSignatureKey(signature_key)?.toString("base64url") ?? null),
    expires_at: expires_at === undefined ? access.expires_at : endOf(expires_at, now),
  };
}

function hexOrNull(hash: Buffer | null): string | null {
  return hash?.toString("hex") ?? null;
}

function endOf(text: string | null, now: Date): string | null {
  return isoOrNull(text === null ? null : parseFutureInstant(text, now, "/body/expires_at"));
}

function changedFields(before: Values, after: Values): (keyof Values)[] {
  const fields = ["cidrs", "origins", "certificate_sha256", "signature_key", "expires_at"] as const;
  return fields.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
}

async function checkChange(tx: Tx, ctx: ActionContext, access: Access, values: Values): Promise<void> {
  const { license_id, kind, mode } = access;
  const storedFactor = values.certificate_sha256 !== null || values.signature_key !== null;
  checkKind({ ...values, kind, mode, storedFactor, ...(await openedByLicense(tx, ctx.tenantId, license_id)) });
  await requireWithinLicense(tx, ctx.tenantId, { ...values, license_id, kind, mode, certificate: values.certificate_sha256 ?? undefined });
  if (visiblePartners(ctx) !== undefined) await checkOwnChange(tx, ctx, access, values);
  if (values.cidrs.length === 0 && (await hasOwnToken(tx, ctx.tenantId, access.access_id)))
    throw new AppError("invalid-field", "a token that the client made is bound to networks", { pointer: "/body/cidrs" });
}

/** What the partner itself may change: nothing that lets more in than the utility allowed. */
async function checkOwnChange(tx: Tx, ctx: ActionContext, access: Access, values: Values): Promise<void> {
  const bound = await licenseBindings(tx, ctx.tenantId, access.license_id);
  // no network at all means any address
  if (access.cidrs.length > 0 && values.cidrs.length === 0)
    throw new AppError("invalid-field", "only the utility lets an access call from anywhere", { pointer: "/body/cidrs" });
  // a test access is not bound by the license, so it stays within what it has
  const isBound = access.mode === "live";
  const cidrs = isBound && bound.cidrs.length > 0 ? bound.cidrs : access.cidrs;
  requireWithin(values, {
    cidrs: cidrs.length > 0 ? cidrs : values.cidrs,
    origins: isBound && bound.origins.length > 0 ? bound.origins : access.origins,
  });
  if (access.expires_at !== null && (values.expires_at === null || values.expires_at > access.expires_at))
    throw new AppError("invalid-field", "only the utility moves the end of an access further away", { pointer: "/body/expires_at" });
}

async function hasOwnToken(tx: Tx, tenantId: string, accessId: string): Promise<boolean> {
  const row = await tx
    .selectFrom("token")
    .select("token_id")
    .where("tenant_id", "=", tenantId)
    .where("access_id", "=", accessId)
    .where("own", "=", true)
    .where("state", "in", ["live", "retiring"])
    .executeTakeFirst();
  return row !== undefined;
}
