import { sql } from "kysely";
import { isScope, type Scope } from "../../contract/scopes.ts";
import type { Db } from "../../db/database.ts";
import { platformTx } from "../../db/tx.ts";
import type { Keyring } from "../../platform/keyring.ts";
import { tokenDigest } from "../../platform/token-digest.ts";
import { isApiKeyText } from "./key-format.ts";

export type KeyIdentity = {
  tenantId: string;
  keyId: string;
  scopes: Scope[];
  eventTypes: string[];
  /** Set for a key that sees these partners' rows alone. */
  partnerIds?: string[];
  /** Its digest under the live pepper, where it was found under the one before. */
  newDigest?: Buffer;
};

/**
 * Whose key a text is, or undefined: malformed, unknown, ended and expired are not told apart. Looked up by digest under
 * the live pepper and the one before. A scope that this version does not know gives nothing.
 */
export async function authenticateApiKey(db: Db, keyring: Keyring, text: string): Promise<KeyIdentity | undefined> {
  if (!isApiKeyText(text)) return undefined;
  const { pepper } = keyring;
  const digest = tokenDigest(pepper.key, text);
  const digests = pepper.previous === undefined ? [digest] : [digest, tokenDigest(pepper.previous.key, text)];
  const row = await platformTx(db, (tx) =>
    tx
      .selectFrom("api_key")
      .select(["tenant_id", "key_id", "scopes", "event_types", "partner_ids", "digest"])
      .where("digest", "in", digests)
      .where("state", "=", "active")
      .where((where) => where.or([where("expires_at", "is", null), where("expires_at", ">", sql<Date>`now()`)]))
      .executeTakeFirst(),
  );
  if (row === undefined) return undefined;
  return {
    tenantId: row.tenant_id,
    keyId: row.key_id,
    scopes: row.scopes.filter(isScope),
    eventTypes: row.event_types,
    ...(row.partner_ids === null ? {} : { partnerIds: row.partner_ids }),
    ...(row.digest.equals(digest) ? {} : { newDigest: digest }),
  };
}
