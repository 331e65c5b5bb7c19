import { createHash } from "node:crypto";
import { sql } from "kysely";
import type { AdminAction } from "../contract/audit-actions.ts";
import type { Tx } from "../db/database.ts";
import { newId } from "../platform/ids.ts";
import { canonicalJson, type Json } from "./canonical-json.ts";

/** Who did it: an API key, a signed-in user, the platform itself, or the holder of an access (self revocation). */
export type Actor = { kind: "key" | "user" | "system" | "access"; id: string };

/** Who asks, for which tenant, in which request. `withEntry` is run with each entry, inside its transaction. */
export type EntryAuthor = { tenantId: string; actor: Actor; requestId: string; withEntry?: (tx: Tx) => Promise<void> };

export type AdminEntryInput = {
  action: AdminAction;
  /** The glossary's word for the thing, and its id. */
  target: { kind: string; id: string };
  /** What was there and what is there now: stored as hashes only. */
  before?: Json;
  after?: Json;
  /** Stored in clear: ids, codes and numbers; never a secret or data of a person. */
  detail?: Json;
};

/**
 * Adds an entry to the admin log inside the transaction that makes the change: if one is not kept, neither is the other.
 * Returns the entry's id.
 */
export async function appendAdminEntry(tx: Tx, who: EntryAuthor, entry: AdminEntryInput): Promise<string> {
  const entryId = newId("aud");
  const detail = entry.detail === undefined ? null : canonicalJson(entry.detail);
  await sql`
    INSERT INTO aqueduto.admin_entry (tenant_id, entry_id, actor_kind, actor_id, action, target_kind, target_id, request_id,
      before_hash, after_hash, detail)
    VALUES (${who.tenantId}, ${entryId}, ${who.actor.kind}, ${who.actor.id}, ${entry.action}, ${entry.target.kind},
      ${entry.target.id}, ${who.requestId}, ${hashOf(entry.before)}, ${hashOf(entry.after)}, ${detail}::jsonb)
  `.execute(tx);
  await who.withEntry?.(tx);
  return entryId;
}

export type NamedEntry = { entryId: string; who: { tenantId: string; actor: Actor; requestId: string }; entry: AdminEntryInput };

/**
 * Adds entries whose ids follow from what they tell, in one statement: a transaction that is repeated because its answer
 * got lost adds none twice.
 */
export async function appendNamedEntries(tx: Tx, entries: readonly NamedEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const rows = entries.map(({ entryId, who, entry }) => ({
    tenant_id: who.tenantId,
    entry_id: entryId,
    actor_kind: who.actor.kind,
    actor_id: who.actor.id,
    action: entry.action,
    target_kind: entry.target.kind,
    target_id: entry.target.id,
    request_id: who.requestId,
    before_hash: hashOf(entry.before)?.toString("hex") ?? null,
    after_hash: hashOf(entry.after)?.toString("hex") ?? null,
    detail: entry.detail === undefined ? null : canonicalJson(entry.detail),
  }));
  await sql`
    INSERT INTO aqueduto.admin_entry (tenant_id, entry_id, actor_kind, actor_id, action, target_kind, target_id, request_id,
      before_hash, after_hash, detail)
    SELECT tenant_id, entry_id, actor_kind, actor_id, action, target_kind, target_id, request_id,
           decode(before_hash, 'hex'), decode(after_hash, 'hex'), detail::jsonb
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS e(tenant_id text, entry_id text, actor_kind text, actor_id text,
        action text, target_kind text, target_id text, request_id text, before_hash text, after_hash text, detail text)
    ON CONFLICT DO NOTHING`.execute(tx);
}

function hashOf(value: Json | undefined): Buffer | null {
  return value === undefined ? null : createHash("sha256").update(canonicalJson(value)).digest();
}
