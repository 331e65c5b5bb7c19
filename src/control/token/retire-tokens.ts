import { AppError } from "../../contract/errors.ts";
import type { Tx } from "../../db/database.ts";

export type Retired = { liveId: string; endedIds: string[]; until: Date | null };

/**
 * Makes room for another token of an access: ends what still retires and retires the live token (or ends it, when no
 * time is left to it), in that order: at most one of each at any moment. `conflict` when there is no live token.
 */
export async function retireTokens(
  tx: Tx,
  of: { tenant_id: string; access_id: string; now: Date },
  untilOf: (tokenEnd: Date | null) => Date | null,
): Promise<Retired> {
  const live = await tx
    .selectFrom("token")
    .select(["token_id", "expires_at"])
    .where("tenant_id", "=", of.tenant_id)
    .where("access_id", "=", of.access_id)
    .where("state", "=", "live")
    .executeTakeFirst();
  if (live === undefined) throw new AppError("conflict", "this access has no live token: create one");
  const until = untilOf(live.expires_at);
  const ended = await tx
    .updateTable("token")
    .set({ state: "ended", ended_at: of.now, ended_reason: "regenerated" })
    .where("tenant_id", "=", of.tenant_id)
    .where("access_id", "=", of.access_id)
    .where("state", "in", until === null ? ["live", "retiring"] : ["retiring"])
    .returning("token_id")
    .execute();
  if (until !== null) {
    await tx
      .updateTable("token")
      .set({ state: "retiring", retiring_until: until })
      .where("tenant_id", "=", of.tenant_id)
      .where("token_id", "=", live.token_id)
      .execute();
  }
  return { liveId: live.token_id, endedIds: ended.map((row) => row.token_id), until };
}
