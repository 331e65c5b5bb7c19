import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { EndingPepper, EndPepper } from "../../contract/keyring.ts";
import { lockKeyChecks } from "../../db/check-keys.ts";
import type { Tx } from "../../db/database.ts";
import { platformTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { parseInstant } from "../instants.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";

const noticeMs = 24 * 3_600_000;

/**
 * Sets when an old pepper ends: tokens that still stand under it then no longer work. Every access concerned, of every
 * tenant, gets a notice in its tenant's admin log. `not-found` for what is no pepper, `conflict` for one that is not old.
 */
export async function endPepper(ctx: ActionContext, input: EndPepper & { kid: string }): Promise<EndingPepper> {
  requireScope(ctx, "keyring:write");
  requireWholeTenant(ctx);
  const endsAt = parseInstant(input.ends_at, "/body/ends_at");
  if (endsAt.getTime() < ctx.clock.now().getTime() + noticeMs)
    throw new AppError("invalid-field", "a pepper ends at least 24 hours from now", { pointer: "/body/ends_at" });
  return platformTx(ctx.db, async (tx) => {
    await lockKeyChecks(tx);
    await requireOldPepper(tx, input.kid);
    await tx.updateTable("key_check").set({ ends_at: endsAt }).where("kid", "=", input.kid).execute();
    const ends_at = endsAt.toISOString();
    await appendAdminEntry(tx, ctx, {
      action: "keyring.end",
      target: { kind: "keyring", id: input.kid },
      detail: { ends_at, reason: input.reason },
    });
    const accesses = await giveNotice(tx, ctx, { kid: input.kid, ends_at });
    return { kid: input.kid, ends_at, accesses };
  });
}

async function requireOldPepper(tx: Tx, kid: string): Promise<void> {
  const key = await tx.selectFrom("key_check").select("state").where("kid", "=", kid).where("purpose", "=", "pepper").executeTakeFirst();
  if (key === undefined) throw new AppError("not-found");
  if (key.state !== "old") throw new AppError("conflict", `this pepper is ${key.state}; only an old one can be ended`);
}

/** One notice per access; returns how many the caller's own tenant has. */
async function giveNotice(tx: Tx, ctx: ActionContext, end: { kid: string; ends_at: string }): Promise<number> {
  const concerned = await tx
    .selectFrom("token")
    .select(["tenant_id", "access_id"])
    .distinct()
    .where("pepper_id", "=", end.kid)
    .where("state", "<>", "ended")
    .execute();
  for (const { tenant_id, access_id } of concerned)
    await appendAdminEntry(
      tx,
      // what another tenant may know of the actor is that it was the platform
      tenant_id === ctx.tenantId ? ctx : { tenantId: tenant_id, actor: { kind: "system", id: "keyring" }, requestId: ctx.requestId },
      { action: "access.renewal_notice", target: { kind: "access", id: access_id }, detail: end },
    );
  return concerned.filter((one) => one.tenant_id === ctx.tenantId).length;
}
