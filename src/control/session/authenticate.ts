import { type Role, scopesOf } from "../../contract/roles.ts";
import type { Scope } from "../../contract/scopes.ts";
import type { Db, Tx } from "../../db/database.ts";
import { platformTx } from "../../db/tx.ts";
import type { Clock } from "../../platform/clock.ts";
import { rolesOf } from "../user/row.ts";
import { isLive, touchMs } from "./times.ts";
import { sessionDigest } from "./token.ts";

export type SessionIdentity = {
  tenantId: string;
  userId: string;
  sessionId: string;
  roles: Role[];
  /** Until a second factor is given, nothing but the person's own sign-in. */
  scopes: readonly Scope[];
  /** Set for an integrador. */
  partnerIds?: readonly string[];
  secondFactorAt: Date | null;
};

/**
 * Whose session a cookie's value is, or undefined: malformed, unknown, ended, idle and expired sessions, and those of a
 * user who is not active, are not told apart. Writes the last use at most once a minute.
 */
// oxlint-disable-next-line aqueduto/guarded-verb, aqueduto/audited-verb -- finds out who asks, before there are scopes; writes when a session was last seen, once a minute
export async function authenticateSession(db: Db, clock: Clock, token: string): Promise<SessionIdentity | undefined> {
  const digest = sessionDigest(token);
  if (digest === undefined) return undefined;
  const now = clock.now();
  const row = await platformTx(db, async (tx) => {
    const found = await findSession(tx, digest);
    if (found === undefined || found.state !== "active" || !isLive(found, now)) return undefined;
    if (now.getTime() - found.last_seen_at.getTime() >= touchMs) await touch(tx, found, now);
    return found;
  });
  if (row === undefined) return undefined;
  const roles = rolesOf(row.roles);
  return {
    tenantId: row.tenant_id,
    userId: row.user_id,
    sessionId: row.session_id,
    roles,
    scopes: row.second_factor_at === null ? ["account:own"] : scopesOf(roles),
    ...(roles.includes("integrador") ? { partnerIds: row.partner_ids } : {}),
    secondFactorAt: row.second_factor_at,
  };
}

function findSession(tx: Tx, digest: Buffer) {
  return tx
    .selectFrom("session")
    .innerJoin("person", (join) => join.onRef("person.tenant_id", "=", "session.tenant_id").onRef("person.user_id", "=", "session.user_id"))
    .select([
      "session.tenant_id",
      "session.session_id",
      "session.user_id",
      "session.last_seen_at",
      "session.expires_at",
      "session.ended_at",
    ])
    .select(["session.second_factor_at", "person.roles", "person.partner_ids", "person.state"])
    .where("session.digest", "=", digest)
    .executeTakeFirst();
}

async function touch(tx: Tx, of: { tenant_id: string; session_id: string }, now: Date): Promise<void> {
  await tx
    .updateTable("session")
    .set({ last_seen_at: now })
    .where("tenant_id", "=", of.tenant_id)
    .where("session_id", "=", of.session_id)
    .where("ended_at", "is", null)
    .execute();
}
