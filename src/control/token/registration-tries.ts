import { AppError } from "../../contract/errors.ts";
import type { Tx } from "../../db/database.ts";
import { newId } from "../../platform/ids.ts";

const mostTries = 5;
const withinMs = 3_600_000;

/**
 * Counts one try to register a hash. `too-many-tries` when the access had five within the hour, whatever came of them:
 * nobody finds out by trying which hashes are in use. Kept only when the transaction commits, a refused try too.
 */
export async function countTry(tx: Tx, of: { tenantId: string; accessId: string; now: Date }): Promise<void> {
  const begin = new Date(of.now.getTime() - withinMs);
  await tx
    .deleteFrom("token_registration_try")
    .where("tenant_id", "=", of.tenantId)
    .where("access_id", "=", of.accessId)
    .where("at", "<=", begin)
    .execute();
  const { tries } = await tx
    .selectFrom("token_registration_try")
    .select((select) => select.fn.countAll<bigint>().as("tries"))
    .where("tenant_id", "=", of.tenantId)
    .where("access_id", "=", of.accessId)
    .executeTakeFirstOrThrow();
  if (tries >= BigInt(mostTries)) throw new AppError("too-many-tries", "an access has five tries an hour to register a token");
  await tx
    .insertInto("token_registration_try")
    .values({ tenant_id: of.tenantId, access_id: of.accessId, try_id: newId("try"), at: of.now })
    .execute();
}
