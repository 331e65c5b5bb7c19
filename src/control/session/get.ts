import type { SignedIn } from "../../contract/session.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { requireSession } from "./require-session.ts";
import { signedIn } from "./signed-in.ts";

/** Who is signed in by this session; `token` is the cookie's value. */
export async function getSession(ctx: ActionContext, input: { token: string }): Promise<SignedIn> {
  requireScope(ctx, "account:own");
  const { sessionId } = requireSession(ctx);
  return tenantTx(ctx.db, ctx.tenantId, (tx) => signedIn(tx, ctx.tenantId, { session_id: sessionId, token: input.token }));
}
