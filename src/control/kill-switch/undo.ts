import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requirePerson, requireWholeTenant } from "../partner-scope.ts";
import { lockPolicy, policyEpoch } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";
import { reopensPersonal } from "./reopens-personal.ts";
import { requireSecondPerson, setterOf } from "./second-person.ts";

export type KillSwitchUndone = { switch_id: string; undone_at: string; epoch: bigint };

/**
 * Gives back what a kill switch turned off, for a reason. Only a signed-in person may, and where personal data opens
 * again only a second one who may approve; see requireSecondPerson. One that was undone already stays as it is.
 */
export async function undoKillSwitch(ctx: ActionContext, input: { switch_id: string; reason: string }): Promise<KillSwitchUndone> {
  requireScope(ctx, "kill-switches:write");
  requireWholeTenant(ctx);
  const now = ctx.clock.now();
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    const known = await tx
      .selectFrom("kill_switch")
      .select(["level", "target_id", "set_by_kind", "set_by", "undone_at"])
      .where("tenant_id", "=", ctx.tenantId)
      .where("switch_id", "=", input.switch_id)
      .executeTakeFirst();
    if (known === undefined) throw new AppError("not-found");
    const person = requirePerson(ctx);
    if (known.undone_at !== null)
      return { switch_id: input.switch_id, undone_at: known.undone_at.toISOString(), epoch: await policyEpoch(tx) };
    const personal = await reopensPersonal(tx, { tenantId: ctx.tenantId, level: known.level, targetId: known.target_id });
    const single = personal && (await requireSecondPerson(tx, ctx, { person, setter: setterOf(known) }));
    await tx
      .updateTable("kill_switch")
      .set({ undone_at: now, undone_by_kind: ctx.actor.kind, undone_by: person, undone_reason: input.reason })
      .where("tenant_id", "=", ctx.tenantId)
      .where("switch_id", "=", input.switch_id)
      .execute();
    await appendAdminEntry(tx, ctx, {
      action: "kill_switch.undo",
      target: { kind: "kill_switch", id: input.switch_id },
      detail: {
        level: known.level,
        target_id: known.target_id === "" ? null : known.target_id,
        reason: input.reason,
        personal,
        single_approver: single,
      },
    });
    return { switch_id: input.switch_id, undone_at: now.toISOString(), epoch: await policyEpoch(tx) };
  });
}
