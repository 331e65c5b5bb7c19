import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { hasAdministrator } from "./last-administrator.ts";
import { linkUrl } from "./link-url.ts";
import { makeLink } from "./link.ts";

/**
 * The one-time link that makes the first administrador, valid 24 h; undefined when there is one. Each start makes a new
 * one, which ends the one before: only what was printed last works.
 */
export async function ensureSetupLink(ctx: ActionContext, adminUrl: string): Promise<{ url: string; expiresAt: Date } | undefined> {
  requireScope(ctx, "users:write");
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    if (await hasAdministrator(tx, ctx.tenantId)) return undefined;
    const link = await makeLink(tx, ctx, { kind: "setup", userId: null });
    return { url: linkUrl(adminUrl, link.secret), expiresAt: link.expiresAt };
  });
}
