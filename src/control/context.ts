import type { Actor } from "../audit/append.ts";
import type { Scope } from "../contract/scopes.ts";
import type { Db, Tx } from "../db/database.ts";
import type { Clock } from "../platform/clock.ts";
import type { OwnPlaces } from "./service/forbidden-target.ts";
import type { Keyring } from "../platform/keyring.ts";

/** What every verb needs to know: who asks, for which tenant, with which rights, and the dependencies. */
export type ActionContext = {
  tenantId: string;
  actor: Actor;
  scopes: readonly Scope[];
  /** Event types this actor may hand in. */
  eventTypes: readonly string[];
  /** Set for a partner's own user: the only partners whose rows they see; see partner-scope.ts. */
  partnerIds?: readonly string[];
  /** Set for a signed-in person: their session, and when a second factor was last given in it. */
  session?: { sessionId: string; secondFactorAt: Date | null };
  requestId: string;
  /** The If-Match of a call; absent = the actor asks for no precondition (jobs). See row-version.ts. */
  ifMatch?: string;
  /** Run inside the transaction of each audited change; an idempotent request marks itself there. */
  withEntry?: (tx: Tx) => Promise<void>;
  /** Where the platform listens and its store is: no service lies there. Absent = not known to the caller (jobs, tests). */
  ownPlaces?: OwnPlaces;
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
