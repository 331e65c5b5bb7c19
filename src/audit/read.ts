import { type RawBuilder, sql } from "kysely";
import type { Db } from "../db/database.ts";
import { tenantTx } from "../db/tx.ts";
import { AppError } from "../contract/errors.ts";

/** An entry of the admin log as a reader sees it. Hashes are hex. */
export type AdminEntry = {
  entry_id: string;
  at: Date;
  actor_kind: string;
  actor_id: string;
  action: string;
  target_kind: string;
  target_id: string;
  request_id: string;
  before_hash: string | null;
  after_hash: string | null;
  detail: unknown;
};

/** An entry of the access log as a reader sees it: what is sealed stays in the store. */
export type AccessEntry = {
  entry_id: string;
  at: Date;
  journal_id: string;
  counter: number;
  phase: string;
  partner_id: string | null;
  license_id: string | null;
  license_version: number | null;
  client_id: string | null;
  access_id: string | null;
  token_id: string | null;
  operation_id: string | null;
  method: string;
  route: string;
  status: number;
  code: string;
  clause: string | null;
  request_id: string;
  bytes: number | null;
  duration_ms: number | null;
  count: number | null;
  network: string | null;
};

/** Newest first; `next` goes on behind the last item, null at the end. */
export type EntryPage<Entry> = { items: Entry[]; next: string | null };

export type PageRequest = { limit?: number; cursor?: string };

const adminColumns = sql`entry_id, at, actor_kind, actor_id, action, target_kind, target_id, request_id,
  encode(before_hash, 'hex') AS before_hash, encode(after_hash, 'hex') AS after_hash, detail`;

// counters and sizes stay below 2^53 and are numbers in JSON
const accessColumns = sql`entry_id, at, journal_id, counter::float8 AS counter, phase, partner_id, license_id,
  license_version, client_id, access_id, token_id, operation_id, method, route, status, code, clause, request_id,
  bytes::float8 AS bytes, duration_ms::float8 AS duration_ms, count::float8 AS count, network`;

/** The tenant's admin log. Throws AppError `bad-request` for a cursor that is none. */
export async function listAdminEntries(
  db: Db,
  tenantId: string,
  page: PageRequest & { action?: string; targetKind?: string; targetId?: string; partnerIds?: readonly string[] },
): Promise<EntryPage<AdminEntry>> {
  const limit = pageLimit(page.limit);
  const conditions = [
    sql`tenant_id = ${tenantId}`,
    ...(page.cursor === undefined ? [] : [sql`entry_id < ${adminCursor(page.cursor)}`]),
    ...equal("action", page.action),
    ...equal("target_kind", page.targetKind),
    ...equal("target_id", page.targetId),
    ...targetOfPartners(tenantId, page.partnerIds),
  ];
  const { rows } = await tenantTx(db, tenantId, (tx) =>
    sql<AdminEntry>`SELECT ${adminColumns} FROM aqueduto.admin_entry WHERE ${sql.join(conditions, sql` AND `)}
      ORDER BY entry_id DESC LIMIT ${limit + 1}`.execute(tx),
  );
  return toPage(rows, limit, (entry) => entry.entry_id);
}

/**
 * The tenant's access log. Records reach it within a second of the call, those of a node that was away later: a reader
 * that follows the newest page sees them, a cursor that has passed their time does not.
 */
export async function listAccessEntries(
  db: Db,
  tenantId: string,
  page: PageRequest & { licenseId?: string; accessId?: string; requestId?: string; partnerIds?: readonly string[] },
): Promise<EntryPage<AccessEntry>> {
  const limit = pageLimit(page.limit);
  const conditions = [
    sql`tenant_id = ${tenantId}`,
    ...(page.cursor === undefined ? [] : [accessCursor(page.cursor)]),
    ...equal("license_id", page.licenseId),
    ...equal("access_id", page.accessId),
    ...equal("request_id", page.requestId),
    ...callOfPartners(page.partnerIds),
  ];
  const { rows } = await tenantTx(db, tenantId, (tx) =>
    sql<AccessEntry>`SELECT ${accessColumns} FROM aqueduto.access_entry WHERE ${sql.join(conditions, sql` AND `)}
      ORDER BY at DESC, entry_id DESC LIMIT ${limit + 1}`.execute(tx),
  );
  return toPage(rows, limit, (entry) => `${entry.at.getTime()}.${entry.entry_id}`);
}

/** One entry of either log. Throws AppError `not-found`, also for another tenant's. */
export async function getEntry(
  db: Db,
  tenantId: string,
  entryId: string,
  partnerIds?: readonly string[],
): Promise<{ log: "admin"; entry: AdminEntry } | { log: "access"; entry: AccessEntry }> {
  const filterOf = (partner: RawBuilder<unknown>[]) =>
    sql`WHERE ${sql.join([sql`tenant_id = ${tenantId}`, sql`entry_id = ${entryId}`, ...partner], sql` AND `)} LIMIT 1`;
  return tenantTx(db, tenantId, async (tx) => {
    const admin =
      await sql<AdminEntry>`SELECT ${adminColumns} FROM aqueduto.admin_entry ${filterOf(targetOfPartners(tenantId, partnerIds))}`.execute(
        tx,
      );
    if (admin.rows[0] !== undefined) return { log: "admin", entry: admin.rows[0] };
    const access =
      await sql<AccessEntry>`SELECT ${accessColumns} FROM aqueduto.access_entry ${filterOf(callOfPartners(partnerIds))}`.execute(tx);
    if (access.rows[0] !== undefined) return { log: "access", entry: access.rows[0] };
    throw new AppError("not-found");
  });
}

function pageLimit(asked: number | undefined): number {
  return Math.min(Math.max(1, asked ?? 50), 200);
}

function equal(column: string, value: string | undefined): RawBuilder<unknown>[] {
  return value === undefined ? [] : [sql`${sql.ref(column)} = ${value}`];
}

function callOfPartners(partnerIds: readonly string[] | undefined): RawBuilder<unknown>[] {
  return partnerIds === undefined ? [] : [sql`partner_id = ANY(${partnerIds}::text[])`];
}

/** Changes of what belongs to these partners: themselves, their licenses, clients, accesses, tokens, webhooks and revocations. */
function targetOfPartners(tenantId: string, partnerIds: readonly string[] | undefined): RawBuilder<unknown>[] {
  if (partnerIds === undefined) return [];
  const licenses = sql`SELECT license_id FROM aqueduto.license WHERE tenant_id = ${tenantId} AND partner_id = ANY(${partnerIds}::text[])`;
  const accesses = sql`SELECT access_id FROM aqueduto.access WHERE tenant_id = ${tenantId} AND license_id IN (${licenses})`;
  return [
    sql`CASE target_kind
      WHEN 'partner' THEN target_id = ANY(${partnerIds}::text[])
      WHEN 'license' THEN target_id IN (${licenses})
      WHEN 'revocation' THEN target_id IN (SELECT revocation_id FROM aqueduto.revocation WHERE tenant_id = ${tenantId} AND partner_id = ANY(${partnerIds}::text[]))
      WHEN 'client' THEN target_id IN (SELECT client_id FROM aqueduto.client WHERE tenant_id = ${tenantId} AND partner_id = ANY(${partnerIds}::text[]))
      WHEN 'access' THEN target_id IN (${accesses})
      WHEN 'token' THEN target_id IN (SELECT token_id FROM aqueduto.token WHERE tenant_id = ${tenantId} AND access_id IN (${accesses}))
      WHEN 'webhook' THEN target_id IN (SELECT webhook_id FROM aqueduto.webhook WHERE tenant_id = ${tenantId} AND license_id IN (${licenses}))
      ELSE false END`,
  ];
}

function toPage<Entry>(rows: Entry[], limit: number, cursorOf: (entry: Entry) => string): EntryPage<Entry> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}

const cursorForms = { admin: /^aud_[0-9a-z]{26}$/, access: /^(\d{1,14})\.(aud_[0-9a-z]{26})$/ };

function adminCursor(cursor: string): string {
  if (!cursorForms.admin.test(cursor)) throw new AppError("bad-request", "The cursor is not one of this list");
  return cursor;
}

function accessCursor(cursor: string): RawBuilder<unknown> {
  const [, ms, entryId] = cursorForms.access.exec(cursor) ?? [];
  if (ms === undefined || entryId === undefined) throw new AppError("bad-request", "The cursor is not one of this list");
  const at = new Date(Number(ms));
  return sql`(at, entry_id) < (${at}, ${entryId})`;
}
