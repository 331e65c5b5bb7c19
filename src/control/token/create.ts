import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { PolicyInForce } from "../../contract/policy-in-force.ts";
import type { CreatedToken, NewToken } from "../../contract/token.ts";
import { tenantTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import type { ActionContext } from "../context.ts";
import { isoOrNull, parseFutureInstant } from "../instants.ts";
import { lockPolicy, policyEpoch } from "../policy-lock.ts";
import { requireOwnAccess } from "../partner-rows.ts";
import { requireScope } from "../require-scope.ts";
import { makeToken } from "./make.ts";
import { requireUsableAccess } from "./usable-access.ts";

/** A reply before the nodes were asked: the change's epoch instead of its state. */
export type Committed<T> = Omit<T, keyof PolicyInForce> & { epoch: bigint };

/** Creates the token of an access. Its text is in the reply and nowhere else. `conflict` when a live one exists. */
export async function createToken(ctx: ActionContext, input: NewToken & { access_id: string }): Promise<Committed<CreatedToken>> {
  requireScope(ctx, "tokens:write");
  const now = ctx.clock.now();
  const expiresAt = input.expires_at === undefined ? null : parseFutureInstant(input.expires_at, now, "/body/expires_at");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    await requireOwnAccess(tx, ctx, input.access_id);
    const access = await requireUsableAccess(tx, { tenantId: ctx.tenantId, now }, input.access_id);
    const made = makeToken(ctx.keyring, access.mode);
    const key = { tenant_id: ctx.tenantId, token_id: newId("tok"), access_id: access.access_id };
    const row = await tx
      .insertInto("token")
      .values({ ...key, ...made.columns, state: "live", expires_at: expiresAt, created_at: now })
      .onConflict((conflict) => conflict.columns(["tenant_id", "access_id"]).where("state", "=", "live").doNothing())
      .returning("token_id")
      .executeTakeFirst();
    if (row === undefined) throw new AppError("conflict", "this access has a live token: regenerate it");
    await appendAdminEntry(tx, ctx, {
      action: "token.create",
      target: { kind: "token", id: key.token_id },
      detail: { access_id: key.access_id, expires_at: isoOrNull(expiresAt) },
    });
    const shown = { token_id: key.token_id, access_id: key.access_id, mode: access.mode, expires_at: isoOrNull(expiresAt) };
    return { token: made.text, ...shown, epoch: await policyEpoch(tx) };
  });
}
