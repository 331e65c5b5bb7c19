import { sql } from "kysely";
import { checkKeyFiles, type KeyCheck, makeFirstKey, makeFirstKeys, type OpenKeyring, openKeyring } from "../platform/keyring.ts";
import type { Db, Tx } from "./database.ts";

/**
 * The keyring of this database. Keys are made only when the database knows none (its very first start); else the
 * files that its rows need must be there. Of several nodes that start at once one makes the keys, the others open them.
 * Throws KeyringError.
 */
export function openCheckedKeyring(db: Db, keysDirectory: string): Promise<OpenKeyring> {
  return db.transaction().execute(async (tx) => {
    await lockKeyChecks(tx);
    const known = await readChecks(tx);
    if (known.length > 0) return openKeyring(keysDirectory, await withLaterKeys(tx, keysDirectory, known));
    const made = await makeFirstKeys(keysDirectory);
    await tx.insertInto("key_check").values(made).execute();
    return openKeyring(keysDirectory, made);
  });
}

/** What changes the keys that the database names queues here, before it reads them; until the transaction ends. */
export async function lockKeyChecks(tx: Tx): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended('aqueduto.key_check', 0))`.execute(tx);
}

/** Purposes that the first release did not have. */
const laterPurposes = ["reference", "subject"] as const;

/** The database of a release that had no key of a purpose gets one, once its other keys are there. */
async function withLaterKeys(tx: Tx, keysDirectory: string, known: KeyCheck[]): Promise<KeyCheck[]> {
  const lacking = laterPurposes.filter((purpose) => !known.some((check) => check.purpose === purpose));
  if (lacking.length === 0) return known;
  checkKeyFiles(keysDirectory, known);
  const made: KeyCheck[] = [];
  for (const purpose of lacking) made.push(await makeFirstKey(keysDirectory, purpose));
  await tx.insertInto("key_check").values(made).execute();
  return [...known, ...made];
}

/** What the database knows of its keys, the newest first. */
export function readChecks(tx: Tx) {
  return tx.selectFrom("key_check").select(["kid", "purpose", "check_value", "state"]).orderBy("created_at", "desc").execute();
}
