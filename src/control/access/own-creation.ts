import { sql } from "kysely";
import type { Access } from "../../contract/access.ts";
import { AppError } from "../../contract/errors.ts";
import type { Tx } from "../../db/database.ts";
import type { ActionContext } from "../context.ts";
import { visiblePartners } from "../partner-scope.ts";
import { licenseBindings, requireWithin } from "./license-bindings.ts";

type Made = Pick<Access, "license_id" | "kind" | "mode" | "cidrs" | "origins" | "expires_at">;
type Other = { kind: Access["kind"]; mode: Access["mode"]; cidrs: string[]; origins: string[]; expires_at: Date | null; stopped: boolean };

/**
 * What a partner's own user may create: nothing that gets round what the utility did to another access of the license.
 * `conflict` while the utility has disabled or revoked one, or its client. A live access stays within the license's
 * bindings (requireWithinLicense), or where the license binds nothing, within what the license's live accesses of its
 * kind were ever given, of whatever state; the first one is free. The utility itself is not bound by this.
 */
export async function checkOwnCreation(tx: Tx, ctx: Pick<ActionContext, "tenantId" | "partnerIds">, made: Made): Promise<void> {
  if (visiblePartners(ctx) === undefined) return;
  const others = await accessesOf(tx, ctx.tenantId, made.license_id);
  if (others.some((other) => other.stopped))
    throw new AppError("conflict", "the utility disabled or revoked an access of this license: only the utility makes another one");
  const alike = others.filter((other) => other.mode === "live" && other.kind === made.kind);
  if (made.mode !== "live" || alike.length === 0) return;
  await requirePlaces(tx, ctx, made, alike);
  requireEnd(made, alike);
}

async function requirePlaces(tx: Tx, ctx: Pick<ActionContext, "tenantId">, made: Made, alike: readonly Other[]): Promise<void> {
  const bound = await licenseBindings(tx, ctx.tenantId, made.license_id);
  // no network at all means any address
  const isFree = bound.cidrs.length > 0 || alike.some((other) => other.cidrs.length === 0);
  if (!isFree && made.cidrs.length === 0)
    throw new AppError("invalid-field", "only the utility lets an access call from anywhere", { pointer: "/body/cidrs" });
  requireWithin(made, {
    cidrs: isFree ? made.cidrs : alike.flatMap((other) => other.cidrs),
    origins: bound.origins.length > 0 ? made.origins : alike.flatMap((other) => other.origins),
  });
}

function requireEnd(made: Made, alike: readonly Other[]): void {
  const ends = alike.map((other) => other.expires_at);
  if (ends.includes(null)) return;
  const latest = Math.max(...ends.map((end) => end?.getTime() ?? 0));
  if (made.expires_at === null || Date.parse(made.expires_at) > latest)
    throw new AppError("invalid-field", `only the utility lets an access of this license go on after ${new Date(latest).toISOString()}`, {
      pointer: "/body/expires_at",
    });
}

async function accessesOf(tx: Tx, tenantId: string, licenseId: string): Promise<Other[]> {
  const { rows } = await sql<Other>`
    SELECT a.kind, a.mode, a.cidrs::text[] AS cidrs, a.origins, a.expires_at,
           coalesce(a.disabled_by = 'utility', false) OR coalesce(c.disabled_by = 'utility', false) AS stopped
      FROM aqueduto.access a JOIN aqueduto.client c ON c.tenant_id = a.tenant_id AND c.client_id = a.client_id
     WHERE a.tenant_id = ${tenantId} AND a.license_id = ${licenseId}`.execute(tx);
  return rows;
}
