import { type RawBuilder, sql } from "kysely";
import { appendAdminEntry } from "../audit/append.ts";
import { AppError } from "../contract/errors.ts";
import type { Scope } from "../contract/scopes.ts";
import type { Tx } from "../db/database.ts";
import { tenantTx } from "../db/tx.ts";
import type { ActionContext } from "./context.ts";
import { requirePartner, visiblePartners } from "./partner-scope.ts";
import { lockPolicy, policyEpoch } from "./policy-lock.ts";
import { requireScope } from "./require-scope.ts";
import { recordRevocation } from "./revocation/record.ts";
import { endTokens } from "./token/end-tokens.ts";

type HolderKind = "partner" | "client" | "access";
type State = "active" | "disabled" | "revoked";
type Holder = { state: State; partner_id: string; disabled_by: "utility" | "partner" | null };

export type HolderChange = { kind: HolderKind; id: string; to: State; reason: string };
/** `revocation_id` when something that still worked was taken away. */
export type HolderChanged = { ended_tokens: number; epoch: bigint; revocation_id?: string };

const scopes = { partner: "partners:write", client: "clients:write", access: "accesses:write" } as const satisfies Record<
  HolderKind,
  Scope
>;
const verbs = { active: "enable", disabled: "disable", revoked: "revoke" } as const;

/**
 * Disables, enables or revokes a partner, client or access. Disabled is reversible; revoked is final and ends the live
 * and retiring tokens below in the same transaction. Asking for what is already so changes nothing and succeeds.
 * `conflict` for anything else done to a revoked one; `forbidden` when a partner enables what the utility disabled.
 */
export async function changeHolderState(ctx: ActionContext, change: HolderChange): Promise<HolderChanged> {
  requireScope(ctx, scopes[change.kind]);
  const by = visiblePartners(ctx) === undefined ? "utility" : "partner";
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await lockPolicy(tx);
    const holder = await findHolder(tx, ctx, change);
    if (isSo(holder, change.to, by)) return { ended_tokens: 0, epoch: await policyEpoch(tx) };
    checkChange(holder, change, by);
    await writeState(tx, ctx, { ...change, by: change.to === "active" ? null : by });
    const ended = change.to === "revoked" ? await endTokensBelow(tx, ctx, change) : 0;
    const target = { kind: change.kind, id: change.id };
    const action = `${change.kind}.${verbs[change.to]}` as const;
    await appendAdminEntry(tx, ctx, {
      action,
      target,
      before: { state: holder.state },
      after: { state: change.to },
      detail: { reason: change.reason, ended_tokens: ended },
    });
    if (change.to === "active") return { ended_tokens: 0, epoch: await policyEpoch(tx) };
    return { ended_tokens: ended, ...(await recordRevocation(tx, ctx, { what: action, target, partnerId: holder.partner_id })) };
  });
}

/** What the utility disables is the utility's, also when its partner had disabled it before. */
function isSo(holder: Holder, to: State, by: "utility" | "partner"): boolean {
  return holder.state === to && !(to === "disabled" && by === "utility" && holder.disabled_by === "partner");
}

function checkChange(holder: Holder, change: HolderChange, by: "utility" | "partner"): void {
  if (holder.state === "revoked") throw new AppError("conflict", `the ${change.kind} is revoked, which is final`);
  if (change.to === "active" && by === "partner" && holder.disabled_by !== "partner")
    throw new AppError("forbidden", "the utility disabled it; the utility enables it");
}

async function findHolder(tx: Tx, ctx: ActionContext, of: HolderChange): Promise<Holder> {
  const { rows } = await selectHolder[of.kind](ctx.tenantId, of.id).execute(tx);
  const [holder] = rows;
  if (holder === undefined) throw new AppError("not-found");
  requirePartner(ctx, holder.partner_id);
  return holder;
}

const selectHolder: Record<HolderKind, (tenantId: string, id: string) => RawBuilder<Holder>> = {
  partner: (tenantId, id) => sql<Holder>`
    SELECT state, partner_id, NULL AS disabled_by FROM aqueduto.partner WHERE tenant_id = ${tenantId} AND partner_id = ${id}`,
  client: (tenantId, id) => sql<Holder>`
    SELECT state, partner_id, disabled_by FROM aqueduto.client WHERE tenant_id = ${tenantId} AND client_id = ${id}`,
  access: (tenantId, id) => sql<Holder>`
    SELECT a.state, l.partner_id, a.disabled_by
      FROM aqueduto.access a JOIN aqueduto.license l ON l.tenant_id = a.tenant_id AND l.license_id = a.license_id
     WHERE a.tenant_id = ${tenantId} AND a.access_id = ${id}`,
};

async function writeState(tx: Tx, ctx: ActionContext, to: HolderChange & { by: string | null }): Promise<void> {
  const disabledBy = to.kind === "partner" ? sql`` : sql`, disabled_by = ${to.by}`;
  await sql`UPDATE ${sql.table(`aqueduto.${to.kind}`)} SET state = ${to.to}${disabledBy}
             WHERE tenant_id = ${ctx.tenantId} AND ${sql.ref(`${to.kind}_id`)} = ${to.id}`.execute(tx);
}

function endTokensBelow(tx: Tx, ctx: ActionContext, of: HolderChange): Promise<number> {
  return endTokens(tx, { tenantId: ctx.tenantId, now: ctx.clock.now(), reason: `${of.kind} revoked` }, { below: of.kind, id: of.id });
}
