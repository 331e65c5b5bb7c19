import type { Actor } from "../audit/append.ts";
import type { Scope } from "../contract/scopes.ts";
import type { Db } from "../db/database.ts";
import type { Clock } from "../platform/clock.ts";
import type { Keyring } from "../platform/keyring.ts";

/** What every verb needs to know: who asks, for which tenant, with which rights, and the dependencies. */
export type ActionContext = {
  tenantId: string;
  actor: Actor;
  scopes: readonly Scope[];
  /** Event types this actor may hand in. */
  eventTypes: readonly string[];
  requestId: string;
  db: Db;
  clock: Clock;
  keyring: Keyring;
};

/** The context of the platform's own work at a tenant: first start, demo, jobs. `job` names it in the audit. */
export function systemContext(of: Pick<ActionContext, "db" | "clock" | "keyring">, tenantId: string, job: string): ActionContext {
  const { db, clock, keyring } = of;
  return {
    tenantId,
    actor: { kind: "system", id: job },
    scopes: ["operator"],
    eventTypes: [],
    requestId: `job:${job}`,
    db,
    clock,
    keyring,
  };
}
