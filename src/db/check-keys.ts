import { sql } from "kysely";
import { type Keyring, makeFirstKeys, openKeyring } from "../platform/keyring.ts";
import type { Db, Tx } from "./database.ts";

/**
 * The keyring of this database. Keys are made only when the database knows none (its very first start); else the
 * files that its rows need must be there. Of several nodes that start at once one makes the keys, the others open them.
 * Throws KeyringError.
 */
export function openCheckedKeyring(db: Db, keysDirectory: string): Promise<Keyring> {
  return db.transaction().execute(async (tx) => {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended('aqueduto.key_check', 0))`.execute(tx);
    const known = await readChecks(tx);
    if (known.length > 0) return openKeyring(keysDirectory, known);
    const made = await makeFirstKeys(keysDirectory);
    await tx.insertInto("key_check").values(made).execute();
    return openKeyring(keysDirectory, made);
  });
}

function readChecks(tx: Tx) {
  return tx.selectFrom("key_check").select(["kid", "purpose", "check_value", "state"]).orderBy("created_at", "desc").execute();
}
