import { AppError } from "../contract/errors.ts";
import type { Scope } from "../contract/scopes.ts";

/** Refuses (`forbidden`) an actor without the scope. `operator` holds every scope. First statement of every verb. */
export function requireScope(ctx: { scopes: readonly Scope[] }, scope: Scope): void {
  if (!ctx.scopes.includes(scope) && !ctx.scopes.includes("operator")) {
    throw new AppError("forbidden", `this key does not hold the scope ${scope}`);
  }
}
