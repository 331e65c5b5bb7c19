import { AppError } from "../../contract/errors.ts";
import { mayOpen, type Role, scopesOf } from "../../contract/roles.ts";
import type { Tx } from "../../db/database.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { requirePerson, requireWholeTenant } from "../partner-scope.ts";
import { requireRecentSecondFactor, stepUpMs } from "../session/recent-second-factor.ts";

export type RoleInput = { roles: readonly Role[]; partner_ids?: readonly string[] };

/** An integrador belongs to partners and is nothing else; nobody else does. `invalid-field` otherwise. */
export function checkRoles(input: RoleInput): void {
  const isPartners = input.roles.includes("integrador");
  const count = input.partner_ids?.length ?? 0;
  if (isPartners && input.roles.length > 1)
    throw new AppError("invalid-field", "integrador goes with no other role", { pointer: "/body/roles" });
  if (isPartners && count === 0) throw new AppError("invalid-field", "an integrador needs partners", { pointer: "/body/partner_ids" });
  if (!isPartners && count > 0)
    throw new AppError("invalid-field", "only an integrador belongs to partners", { pointer: "/body/partner_ids" });
}

/**
 * Whether the actor may give (or hold power over whoever has) these roles: nobody gives what they do not hold, and roles that approve
 * or undo kill switches are given by a person who just gave a second factor. Without that, an API key could make itself a person
 * who does.
 */
export function requireMayGive(ctx: ActionContext, roles: readonly Role[]): void {
  requireWholeTenant(ctx);
  if (ctx.actor.kind === "system") return;
  if (roles.some(mayOpen)) {
    requirePerson(ctx);
    requireRecentSecondFactor(ctx, stepUpMs);
  }
  if (ctx.actor.kind === "key") {
    for (const scope of scopesOf(roles)) if (scope !== "account:own") requireScope(ctx, scope);
  }
}

/** Refuses (`invalid-field`) partners that are not there. */
export async function requireKnownPartners(tx: Tx, tenantId: string, partnerIds: readonly string[]): Promise<void> {
  if (partnerIds.length === 0) return;
  const rows = await tx
    .selectFrom("partner")
    .select("partner_id")
    .where("tenant_id", "=", tenantId)
    .where("partner_id", "in", partnerIds)
    .execute();
  const known = new Set(rows.map((row) => row.partner_id));
  const unknown = partnerIds.findIndex((id) => !known.has(id));
  if (unknown >= 0) throw new AppError("invalid-field", "there is no such partner", { pointer: `/body/partner_ids/${unknown}` });
}
