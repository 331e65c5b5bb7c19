import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { idleDemo, startTestAdmin, type TestAdmin, type TestReply } from "../../test/helpers/admin.ts";
import { createTestDatabase, type TestDatabase } from "../../test/helpers/database.ts";
import { auditCount, createTenantFixture, type TenantFixture } from "../../test/helpers/tenant.ts";
import type { Route } from "../contract/route.ts";
import { adminApi, splitRouteKey, type RouteKey } from "../contract/routes.ts";
import { createLicense } from "../control/license/create.ts";
import { platformTx } from "../db/tx.ts";
import { newId } from "../platform/ids.ts";

let base: TestDatabase;
let admin: TestAdmin;
let fixture: TenantFixture;
/** What stands in paths; the license is one of its own, because it is ended on the way. */
let inPath: Record<string, string>;
let watched: string[];
beforeAll(async () => {
  base = await createTestDatabase();
  fixture = await createTenantFixture(base.db);
  const { license_id } = await createLicense(fixture.ctx, {
    partner_id: fixture.partner.partner_id,
    name: "hostile",
    purpose: "test",
    legal_basis: "art. 7 V",
    ends_at: "2100-01-01T00:00:00Z",
    rate_per_second: 1,
    burst: 1,
    operations: [],
  });
  inPath = {
    access_id: fixture.access.access_id,
    license_id,
    version: "1",
    partner_id: fixture.partner.partner_id,
    client_id: fixture.client.client_id,
    webhook_id: fixture.webhook.webhook_id,
    service_id: fixture.serviceId,
    operation_id: "getHealth",
    key_id: newId("key"),
  };
  watched = await watchedTables();
  admin = await startTestAdmin({ db: base.db, keyring: fixture.keyring, demo: idleDemo });
});
afterAll(async () => {
  await admin[Symbol.asyncDispose]();
  await base[Symbol.asyncDispose]();
});

const keys = Object.keys(adminApi) as RouteKey[];
const routeOf = (key: RouteKey): Route => adminApi[key];

const nasty = fc.oneof(
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  {
    weight: 5,
    arbitrary: fc.constantFrom<unknown>(
      "\u0000",
      "a\u0000b",
      "\ud800",
      "\u202e",
      "\n",
      "x".repeat(70_000),
      "' OR 1=1 --",
      "%00",
      "../../etc/passwd",
      "${jndi:ldap://x}",
      "9999-12-31T23:59:60Z",
      "2026-02-30T00:00:00Z",
      "0000-01-01T00:00:00Z",
      "2100-01-01T00:00:00Z",
      "NaN",
      "",
      1e308,
      -1,
      0.0001,
      2 ** 53,
      true,
      null,
      [],
      {},
      [[[]]],
      { __proto__: null, constructor: 1 },
    ),
  },
);

/** Values that a route takes, so that faults deep in a verb are reached too. */
function plausible(name: string): fc.Arbitrary<unknown> {
  const known: Record<string, unknown> = {
    partner_id: fixture.partner.partner_id,
    license_id: fixture.license.license_id,
    client_id: fixture.client.client_id,
    access_id: fixture.access.access_id,
    kind: "confidential",
    mode: "live",
    ends_at: "2100-01-01T00:00:00Z",
    rate_per_second: 1,
    burst: 1,
    operations: [{ operation_id: "getProperty", projection: { identity: "masked" } }],
    event_types: ["client-transaction"],
    url: "https://hooks.example.com/",
    cidrs: ["10.0.0.0/8"],
    overlap: "15m",
  };
  return fc.constant(known[name] ?? "text");
}

function members(names: readonly string[]): fc.Arbitrary<Record<string, unknown>> {
  const one = (name: string) =>
    fc.option(fc.oneof({ weight: 3, arbitrary: plausible(name) }, { weight: 1, arbitrary: nasty }), { nil: undefined, freq: 8 });
  return fc.record(Object.fromEntries(names.map((name) => [name, one(name)])));
}

function namesOf(schema: unknown): string[] {
  const properties: unknown = Reflect.get(Object(schema), "properties");
  return Object.keys(Object(properties));
}

const segments = fc.oneof(
  fc.constantFrom("x", "..", "%00", "%ff", "%2e%2e%2f", "a".repeat(150), "a".repeat(300), "ç", "'"),
  fc.webSegment(),
);

function queryText(value: unknown): string {
  return (typeof value === "string" ? value : (JSON.stringify(value) ?? "")).slice(0, 2000);
}

/** Bookkeeping that is no change: stored replies, tries and last sight of credentials, what calls left, and the audit itself. */
const bookkeeping = new Set([
  "request",
  "sign_in_challenge",
  "sign_in_failure",
  "token_registration_try",
  "token_use",
  "token_use_mark",
  "admin_entry",
  "access_entry",
  "journal",
  "lease",
  "node",
]);

/** Tables whose rows a change would touch, read from the store so that a new one is watched from its first day. */
async function watchedTables(): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    SELECT relname AS name FROM pg_class WHERE relnamespace = 'aqueduto'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
       AND has_table_privilege(oid, 'SELECT') ORDER BY 1`.execute(base.db);
  return rows.map((row) => row.name).filter((name) => !bookkeeping.has(name));
}

/** Everything that a change would move: how many rows each table has, and the newest transaction that wrote one. */
async function fingerprint(): Promise<string> {
  const marks = watched.map(
    (name) => sql`SELECT ${name}::text || count(*) || '/' || coalesce(max(xmin::text::bigint), 0) AS mark FROM ${sql.table(name)}`,
  );
  const { rows } = await platformTx(base.db, (tx) => sql<{ mark: string }>`${sql.join(marks, sql` UNION ALL `)}`.execute(tx));
  return rows.map((row) => row.mark).join(" ");
}

type Mark = { mark: string; audit: number };

function faultsOf(reply: TestReply, before: Mark, after: Mark): string[] {
  const problem: unknown = Reflect.get(Object(reply.json), "status");
  const changed = after.mark !== before.mark || after.audit !== before.audit;
  return [
    ...(reply.status >= 500 ? [`it failed: ${reply.text}`] : []),
    ...(reply.status >= 400 && problem !== reply.status ? [`it is no problem document: ${reply.text}`] : []),
    ...(reply.status >= 400 && changed ? ["a refused call changed something"] : []),
    ...(after.mark !== before.mark && after.audit <= before.audit ? ["a change was not audited"] : []),
  ];
}

test.each(keys)("%s: no input makes it fail on our side or change anything without audit", { timeout: 120_000 }, async (key) => {
  const { method, path } = splitRouteKey(key);
  const route = routeOf(key);
  const input = fc.record({
    query: members([...namesOf(route.query), "unknown"]),
    body: fc.oneof({ weight: 6, arbitrary: members(namesOf(route.body)) }, { weight: 1, arbitrary: nasty }),
    segment: fc.option(segments, { nil: undefined, freq: 3 }),
    idempotency: fc.oneof(
      { weight: 3, arbitrary: fc.uuid() },
      { weight: 1, arbitrary: fc.constantFrom("", "k", "k2", "é", "x".repeat(200)) },
    ),
    ifMatch: fc.oneof(
      { weight: 3, arbitrary: fc.constant("*") },
      { weight: 1, arbitrary: fc.constantFrom("", '"x"', "W/*", "é", ",".repeat(500)) },
    ),
  });
  await fc.assert(
    fc.asyncProperty(input, async ({ query, body, segment, idempotency, ifMatch }) => {
      const before = { mark: await fingerprint(), audit: await auditCount(base.db, fixture.tenantId) };
      const search = new URLSearchParams();
      for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, queryText(value));
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => segment ?? inPath[name] ?? fixture.tokenId);
      const reply = await admin.send(method, `${filled}${route.query === undefined ? "" : `?${search.toString()}`}`, {
        key: fixture.apiKey,
        ...(method !== "GET" ? { text: JSON.stringify(body) ?? "" } : {}),
        headers: { "idempotency-key": encodeURIComponent(idempotency).slice(0, 140), "if-match": encodeURI(ifMatch) },
      });
      const after = { mark: await fingerprint(), audit: await auditCount(base.db, fixture.tenantId) };
      expect(faultsOf(reply, before, after)).toEqual([]);
    }),
    { numRuns: 12 },
  );
});
