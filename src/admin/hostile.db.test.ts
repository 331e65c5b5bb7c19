import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { idleDemo, startTestAdmin, type TestAdmin, type TestReply } from "../../test/helpers/admin.ts";
import { createTestDatabase, type TestDatabase } from "../../test/helpers/database.ts";
import { auditCount, createTenantFixture, type TenantFixture } from "../../test/helpers/tenant.ts";
import type { Route } from "../contract/route.ts";
import { adminApi, splitRouteKey, type RouteKey } from "../contract/routes.ts";
import { platformTx } from "../db/tx.ts";

let base: TestDatabase;
let admin: TestAdmin;
let fixture: TenantFixture;
beforeAll(async () => {
  base = await createTestDatabase();
  fixture = await createTenantFixture(base.db);
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

/** Everything that a change of this tenant would move. */
async function fingerprint(): Promise<string> {
  const { rows } = await platformTx(base.db, (tx) =>
    sql<{
      mark: string;
    }>`SELECT concat_ws('/', (SELECT epoch FROM policy_epoch), (SELECT count(*) FROM event), (SELECT count(*) FROM api_key),
      (SELECT count(*) FROM webhook_check), (SELECT count(*) FROM event_key)) AS mark`.execute(tx),
  );
  return rows[0]?.mark ?? "";
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
    idempotency: fc.constantFrom("k", "k2", "é", "x".repeat(200)),
  });
  await fc.assert(
    fc.asyncProperty(input, async ({ query, body, segment, idempotency }) => {
      const before = { mark: await fingerprint(), audit: await auditCount(base.db, fixture.tenantId) };
      const search = new URLSearchParams();
      for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, queryText(value));
      const filled = path.replaceAll(
        /\{(\w+)\}/g,
        (_, name: string) => segment ?? (name === "access_id" ? fixture.access.access_id : fixture.tokenId),
      );
      const reply = await admin.send(method, `${filled}${route.query === undefined ? "" : `?${search.toString()}`}`, {
        key: fixture.apiKey,
        ...(method === "POST" ? { text: JSON.stringify(body) ?? "" } : {}),
        headers: { "idempotency-key": encodeURIComponent(idempotency).slice(0, 140) },
      });
      const after = { mark: await fingerprint(), audit: await auditCount(base.db, fixture.tenantId) };
      expect(faultsOf(reply, before, after)).toEqual([]);
    }),
    { numRuns: 12 },
  );
});
