import { sql } from "kysely";
import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { KillLevel, NewKillSwitch } from "../../contract/kill-switch.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import type { ActionContext } from "../context.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { lockPolicy, policyEpoch } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";
import { recordRevocation } from "../revocation/record.ts";

export type KillSwitchSet = {
  switch_id: string;
  level: KillLevel;
  target_id: string | null;
  set_at: string;
  epoch: bigint;
  revocation_id?: string;
};

/**
 * Turns off all that hangs on the target: tokens, accesses and partners answer 401, licenses 403, services and everything
 * 503. Pressing a switch that is on changes nothing and succeeds. `invalid-field` for a target that is not there.
 */
export async function setKillSwitch(ctx: ActionContext, input: NewKillSwitch): Promise<KillSwitchSet> {
  requireScope(ctx, "kill-switches:write");
  requireWholeTenant(ctx);
  const now = ctx.clock.now();
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    const target = await requireTarget(tx, ctx.tenantId, input);
    const shown = { level: input.level, target_id: target === "" ? null : target };
    const known = await tx
      .selectFrom("kill_switch")
      .select(["switch_id", "set_at"])
      .where("tenant_id", "=", ctx.tenantId)
      .where("level", "=", input.level)
      .where("target_id", "=", target)
      .where("undone_at", "is", null)
      .executeTakeFirst();
    if (known !== undefined) return { ...shown, ...known, set_at: known.set_at.toISOString(), epoch: await policyEpoch(tx) };
    const switchId = newId("ksw");
    await tx
      .insertInto("kill_switch")
      .values({
        tenant_id: ctx.tenantId,
        switch_id: switchId,
        level: input.level,
        target_id: target,
        reason: input.reason,
        set_at: now,
        set_by_kind: ctx.actor.kind,
        set_by: ctx.actor.id,
      })
      .execute();
    const of = { kind: "kill_switch", id: switchId };
    await appendAdminEntry(tx, ctx, { action: "kill_switch.set", target: of, detail: { ...shown, reason: input.reason } });
    const proof = await recordRevocation(tx, ctx, { what: "kill_switch.set", target: of, partnerId: null });
    return { switch_id: switchId, ...shown, set_at: now.toISOString(), ...proof };
  });
}

/** The target's id; empty for `all`, which has none. */
async function requireTarget(tx: Tx, tenantId: string, input: NewKillSwitch): Promise<string> {
  const { level, target_id: id } = input;
  if ((level === "all") !== (id === undefined)) {
    throw new AppError("invalid-field", level === "all" ? "`all` has no target" : "which one?", { pointer: "/body/target_id" });
  }
  if (level === "all" || id === undefined) return "";
  const { rows } = await sql`SELECT 1 FROM ${sql.table(`aqueduto.${level}`)}
    WHERE tenant_id = ${tenantId} AND ${sql.ref(`${level}_id`)} = ${id}`.execute(tx);
  if (rows.length === 0) throw new AppError("invalid-field", `there is no such ${level}`, { pointer: "/body/target_id" });
  return id;
}
