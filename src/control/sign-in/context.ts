import { AppError } from "../../contract/errors.ts";
import { platformTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";

/** What a sign-in knows before anybody is known. */
export type SignInDeps = Pick<ActionContext, "db" | "clock" | "keyring" | "requestId">;

/** Who tries: the address of the caller, and what the browser is known by, if it is (see session/device.ts). */
export type Caller = { ip: string; device?: string | undefined };

/** Where a sign-in comes from: the caller, and the origin of the page (scheme, host, port). */
export type SignInFrom = { origin: string } & Caller;

/** The context in which nobody is signed in yet: it may do what concerns a person's own sign-in, and no more. */
export function signInContext(deps: SignInDeps, tenantId: string): ActionContext {
  const { db, clock, keyring, requestId } = deps;
  return { tenantId, actor: { kind: "system", id: "sign-in" }, scopes: ["account:own"], eventTypes: [], requestId, db, clock, keyring };
}

/**
 * The tenant to sign in at: the one that is named, else the only one. Where there are several, one must be named, so the
 * answer never depends on who has an account where.
 */
export async function signInTenant(deps: SignInDeps, tenantId: string | undefined): Promise<ActionContext> {
  const rows = await platformTx(deps.db, (tx) =>
    tx
      .selectFrom("tenant")
      .select("tenant_id")
      .$if(tenantId !== undefined, (select) => select.where("tenant_id", "=", tenantId ?? ""))
      .limit(2)
      .execute(),
  );
  const [first, second] = rows;
  if (first === undefined) throw new AppError("sign-in-failed");
  if (second !== undefined) {
    throw new AppError("invalid-field", "this installation has several utilities: name one", { pointer: "/body/tenant_id" });
  }
  return signInContext(deps, first.tenant_id);
}

/** The relying party of WebAuthn: the host name of the page. */
export function rpIdOf(from: Pick<SignInFrom, "origin">): string {
  return new URL(from.origin).hostname;
}
