import { sql } from "kysely";
import { rolesOf } from "../user/row.ts";
import { scopesOf } from "../../contract/roles.ts";
import { isScope, type Scope } from "../../contract/scopes.ts";
import type { Db, Tx } from "../../db/database.ts";
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
 * the live pepper and the one before. A scope that this version does not know gives nothing. A key that goes back to a person
 * holds no more than they do now, and nothing once they are disabled.
 */
export async function authenticateApiKey(db: Db, keyring: Keyring, text: string): Promise<KeyIdentity | undefined> {
  if (!isApiKeyText(text)) return undefined;
  const { pepper } = keyring;
  const digest = tokenDigest(pepper.key, text);
  const digests = pepper.previous === undefined ? [digest] : [digest, tokenDigest(pepper.previous.key, text)];
  const row = await platformTx(db, (tx) => findKey(tx, digests));
  if (row === undefined || (row.user_id !== null && row.person_state !== "active")) return undefined;
  const { scopes, partnerIds } = limitsOf(row);
  return {
    tenantId: row.tenant_id,
    keyId: row.key_id,
    scopes,
    eventTypes: row.event_types,
    ...(partnerIds === undefined ? {} : { partnerIds }),
    ...(row.digest.equals(digest) ? {} : { newDigest: digest }),
  };
}

function findKey(tx: Tx, digests: Buffer[]) {
  return tx
    .selectFrom("api_key")
    .leftJoin("person", (join) => join.onRef("person.tenant_id", "=", "api_key.tenant_id").onRef("person.user_id", "=", "api_key.user_id"))
    .select(["api_key.tenant_id", "key_id", "scopes", "event_types", "api_key.partner_ids", "digest", "api_key.user_id"])
    .select(["person.state as person_state", "person.roles as person_roles", "person.partner_ids as person_partner_ids"])
    .where("digest", "in", digests)
    .where("api_key.state", "=", "active")
    .where((where) => where.or([where("expires_at", "is", null), where("expires_at", ">", sql<Date>`now()`)]))
    .executeTakeFirst();
}

type KeyRow = NonNullable<Awaited<ReturnType<typeof findKey>>>;

/** What a key's row gives it, within what its person holds now. */
function limitsOf(row: KeyRow): { scopes: Scope[]; partnerIds?: string[] } {
  const scopes = row.scopes.filter(isScope);
  const own = row.partner_ids === null ? {} : { partnerIds: row.partner_ids };
  if (row.user_id === null) return { scopes, ...own };
  const roles = rolesOf(row.person_roles ?? []);
  const held = new Set(scopesOf(roles));
  const theirs = row.person_partner_ids ?? [];
  return {
    scopes: scopes.filter((scope) => held.has(scope)),
    ...(roles.includes("integrador") ? { partnerIds: row.partner_ids?.filter((id) => theirs.includes(id)) ?? theirs } : own),
  };
}
