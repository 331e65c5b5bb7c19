import type { Actor } from "../audit/append.ts";
import { AppError } from "../contract/errors.ts";
import { approvalScopes, ownScopes, type Scope } from "../contract/scopes.ts";

/**
 * Refuses (`forbidden`) an actor without the scope. First statement of every verb. `operator` holds every scope but those
 * that only people may hold: an API key never approves, and has no account of its own.
 */
export function requireScope(ctx: { scopes: readonly Scope[]; actor?: Actor }, scope: Scope): void {
  if (isForPeople(scope) && (ctx.actor?.kind === "key" || ctx.actor?.kind === "access")) {
    throw new AppError("forbidden", `only a signed-in person may hold the scope ${scope}`);
  }
  if (!ctx.scopes.includes(scope) && !ctx.scopes.includes("operator")) {
    throw new AppError("forbidden", `the scope ${scope} is not held`);
  }
}

/** Whether no API key can hold a scope. */
export function isForPeople(scope: Scope): boolean {
  return approvalScopes.includes(scope) || ownScopes.includes(scope);
}
