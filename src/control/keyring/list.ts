import { sql } from "kysely";
import type { InstallationKey } from "../../contract/keyring.ts";
import type { Tx } from "../../db/database.ts";
import { platformTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { isoOrNull } from "../instants.ts";
import { requireWholeTenant } from "../partner-scope.ts";
import { requireScope } from "../require-scope.ts";
import { countSealed } from "./reseal.ts";

/** The keys of the installation, the newest first. Rows are counted over every tenant, and nothing else is told of them. */
export async function listKeyring(ctx: ActionContext): Promise<{ keys: InstallationKey[] }> {
  requireScope(ctx, "keyring:read");
  requireWholeTenant(ctx);
  return platformTx(ctx.db, async (tx) => {
    const keys = await tx
      .selectFrom("key_check")
      .select(["kid", "purpose", "state", "check_value", "created_at", "ends_at", "ended_at"])
      .orderBy("created_at", "desc")
      .orderBy("kid")
      .execute();
    const counts = new Map([...(await countSealed(tx)), ...(await countPeppered(tx))]);
    return {
      keys: keys.map((key) => ({
        ...key,
        check_value: key.check_value.toString("hex"),
        created_at: key.created_at.toISOString(),
        ends_at: isoOrNull(key.ends_at),
        ended_at: isoOrNull(key.ended_at),
        rows: counts.get(key.kid) ?? 0,
      })),
    };
  });
}

/** How many tokens, API keys and people stand under each pepper; those that have ended need none. */
export async function countPeppered(tx: Tx): Promise<Map<string, number>> {
  const { rows } = await sql<{ kid: string; rows: bigint }>`
    SELECT pepper_id AS kid, count(*) AS rows FROM (
      SELECT pepper_id FROM aqueduto.token WHERE state <> 'ended'
      UNION ALL SELECT pepper_id FROM aqueduto.api_key WHERE state = 'active'
      UNION ALL SELECT pepper_id FROM aqueduto.person) AS peppered
     GROUP BY pepper_id`.execute(tx);
  return new Map(rows.map((row) => [row.kid, Number(row.rows)]));
}
