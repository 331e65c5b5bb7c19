import { platformTx } from "../../db/tx.ts";
import type { Db } from "../../db/database.ts";

/** Job: forgets the replies whose 24 hours are over, in every tenant. Returns how many. */
// oxlint-disable-next-line aqueduto/guarded-verb, aqueduto/audited-verb -- nothing that anybody owns changes: replies end at the time they were stored with
export async function purgeRequests(db: Db, now: Date): Promise<number> {
  const gone = await platformTx(db, (tx) => tx.deleteFrom("request").where("expires_at", "<=", now).executeTakeFirst());
  return Number(gone.numDeletedRows);
}
