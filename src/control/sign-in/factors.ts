import { AppError } from "../../contract/errors.ts";
import type { AddedFactor, Factor } from "../../contract/session.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { isoOrNull } from "../instants.ts";
import { requireScope } from "../require-scope.ts";
import { requireRecentSecondFactor, stepUpMs } from "../session/recent-second-factor.ts";
import { requireSession } from "../session/require-session.ts";
import { codesLeft } from "./recovery-code-rows.ts";

/** How many second factors a person can have. */
export const mostFactors = 10;

/** Whether a person has a second factor to give. */
export async function hasFactors(tx: Tx, tenantId: string, userId: string): Promise<boolean> {
  return (await activeFactors(tx, tenantId, userId)).length > 0;
}

/** A person's active second factors, oldest first. */
export function activeFactors(tx: Tx, tenantId: string, userId: string) {
  return tx
    .selectFrom("factor")
    .select(["factor_id", "kind", "name", "created_at", "last_used_at", "credential_id", "transports", "rp_id"])
    .where("tenant_id", "=", tenantId)
    .where("user_id", "=", userId)
    .where("state", "=", "active")
    .orderBy("factor_id")
    .execute();
}

/**
 * Who may add a factor now: a person who has none yet, or who just gave one. Else a stolen password would be enough to
 * add a factor of the thief's. `conflict` when there are too many.
 */
export async function requireMayAddFactor(tx: Tx, ctx: ActionContext, userId: string): Promise<void> {
  const factors = await activeFactors(tx, ctx.tenantId, userId);
  if (factors.length > 0) requireRecentSecondFactor(ctx, stepUpMs);
  if (factors.length >= mostFactors) throw new AppError("conflict", `a person has at most ${mostFactors} second factors`);
}

/** One's second factors, oldest first, and how many recovery codes are left. */
export async function listFactors(ctx: ActionContext): Promise<{ items: Factor[]; recovery_codes_left: number }> {
  requireScope(ctx, "account:own");
  const { userId } = requireSession(ctx);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => ({
    items: (await activeFactors(tx, ctx.tenantId, userId)).map(factorOf),
    recovery_codes_left: await codesLeft(tx, ctx.tenantId, userId),
  }));
}

type FactorRow = { factor_id: string; kind: Factor["kind"]; name: string; created_at: Date; last_used_at: Date | null };

export function factorOf(row: FactorRow): Factor {
  return {
    factor_id: row.factor_id,
    kind: row.kind,
    name: row.name,
    created_at: row.created_at.toISOString(),
    last_used_at: isoOrNull(row.last_used_at),
  };
}

/** What adding a factor gives: the reply, the session's new secret, and what the browser is known by. */
export type AddedFactorWith = { reply: AddedFactor; token: string; device: string };
