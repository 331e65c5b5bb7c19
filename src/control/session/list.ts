import type { Session } from "../../contract/session.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { limitOf, pageOf, type Page, type PageQuery } from "../page.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { requireSession } from "./require-session.ts";
import { idleMs } from "./times.ts";

/** A person's own open sessions, newest first; another user's for who may change users. */
export async function listSessions(ctx: ActionContext, query: PageQuery & { user_id?: string }): Promise<Page<Session>> {
  requireScope(ctx, "account:own");
  const { userId, sessionId } = requireSession(ctx);
  const whose = query.user_id ?? userId;
  if (whose !== userId) {
    requireScope(ctx, "users:write");
    requireWholeTenant(ctx);
  }
  const now = ctx.clock.now();
  const rows = await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    tx
      .selectFrom("session")
      .select(["session_id", "method", "created_at", "last_seen_at", "expires_at", "second_factor_at"])
      .where("tenant_id", "=", ctx.tenantId)
      .where("user_id", "=", whose)
      .where("ended_at", "is", null)
      .where("expires_at", ">", now)
      .where("last_seen_at", ">", new Date(now.getTime() - idleMs))
      .$if(query.cursor !== undefined, (select) => select.where("session_id", "<", query.cursor ?? ""))
      .orderBy("session_id", "desc")
      .limit(limitOf(query) + 1)
      .execute(),
  );
  const item = (row: (typeof rows)[number]): Session => ({
    session_id: row.session_id,
    current: row.session_id === sessionId,
    method: row.method,
    created_at: row.created_at.toISOString(),
    last_seen_at: row.last_seen_at.toISOString(),
    expires_at: row.expires_at.toISOString(),
    second_factor_at: row.second_factor_at?.toISOString() ?? null,
  });
  return pageOf(rows, query, { item, cursor: (row) => row.session_id });
}
