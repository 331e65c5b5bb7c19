import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { auditOf, contextWith, createTenantFixture, type TenantFixture } from "../../../test/helpers/tenant.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { ingestEvents } from "./ingest.ts";
import { listEvents } from "./list.ts";

let base: TestDatabase;
let fixture: TenantFixture;
let producer: ActionContext;
beforeAll(async () => {
  base = await createTestDatabase();
  fixture = await createTenantFixture(base.db);
  producer = contextWith(fixture, ["events:write"], { eventTypes: ["client-transaction", "client-transaction-reversed"] });
});
afterAll(() => base[Symbol.asyncDispose]());

const first = `{"idtransaction" : 1,  "idcliente":"01400-2","valorpago":10.50}`;
const second = `{"idtransaction":9007199254740991,"idcliente":"01400-2","valorpago":0.010}`;
const envelope = (...items: string[]) => `{"client-transaction":[${items.join(", ")}]}`;

function ingest(text: string, idempotencyKey: string, ctx = producer, mode: "live" | "test" = "live") {
  return ingestEvents(ctx, { text, idempotencyKey, mode });
}

async function bodies(ids: readonly string[]): Promise<string[]> {
  const rows = await tenantTx(base.db, fixture.tenantId, (tx) =>
    tx.selectFrom("event").select(["event_id", "body"]).where("tenant_id", "=", fixture.tenantId).orderBy("event_id").execute(),
  );
  return rows.filter((row) => ids.includes(row.event_id)).map((row) => row.body);
}

async function eventCount(): Promise<number> {
  return (await listEvents(contextWith(fixture, ["events:read"]), { limit: 200 })).items.length;
}

test("items are stored byte for byte, in order, and the intake is audited", async () => {
  const { ids } = await ingest(envelope(first, second), "k1");
  expect(ids).toHaveLength(2);
  expect(await bodies(ids)).toEqual([first, second]);
  expect(await auditOf(base.db, fixture.tenantId, ids[0] ?? "")).toMatchObject([
    { action: "event.ingest", actor_kind: "key", detail: { type: "client-transaction", mode: "live", items: 2 } },
  ]);
});

test("the same key with the same body gives the same ids and stores nothing", async () => {
  const { ids } = await ingest(envelope(first, second), "k2");
  const before = await eventCount();
  expect(await ingest(envelope(first, second), "k2")).toEqual({ ids });
  expect(await eventCount()).toBe(before);
});

test.each([
  ["another item", envelope(first, first)],
  ["an item more", envelope(first, second, first)],
  ["an item less", envelope(first)],
  ["other bytes of the same value", envelope(first, second.replace("0.010", "0.01"))],
  ["another type", `{"client-transaction-reversed":[{"idtransaction":1,"valorpago":10}]}`],
])("the same key with %s is a conflict and stores nothing", async (_, text) => {
  await ingest(envelope(first, second), "k3");
  const before = await eventCount();
  await expect(ingest(text, "k3")).rejects.toMatchObject({ code: "conflict" });
  expect(await eventCount()).toBe(before);
});

test("concurrent calls with one key store one batch, whatever each of them sends", async () => {
  const sent = [
    envelope(first),
    envelope(first, second),
    envelope(first),
    `{"client-transaction-reversed":[{"idtransaction":1,"valorpago":10}]}`,
  ];
  const before = await eventCount();
  const results = await Promise.allSettled(sent.map((text) => ingest(text, "k4")));
  const stored = new Set(results.flatMap((result) => (result.status === "fulfilled" ? result.value.ids : [])));
  expect((await eventCount()) - before).toBe(stored.size);
  expect(stored.size).toBeGreaterThan(0);
  for (const refused of results.filter((result) => result.status === "rejected"))
    expect(refused.reason).toMatchObject({ code: "conflict" });
});

test("keys belong to the API key that used them, and to live or test", async () => {
  const { ids } = await ingest(envelope(first), "k5");
  const other = await ingest(envelope(first), "k5", { ...producer, actor: { kind: "key", id: "key_other" } });
  const inTest = await ingest(envelope(first), "k5", producer, "test");
  expect(new Set([...ids, ...other.ids, ...inTest.ids]).size).toBe(3);
});

test.each([
  ["a type outside the catalogue is not the key's", `{"nope":[{}]}`, { code: "forbidden" }],
  [
    "a missing member",
    `{"client-transaction":[${first},{"idtransaction":2}]}`,
    { code: "invalid-field", pointer: "/body/client-transaction/1" },
  ],
  [
    "a value of another type",
    `{"client-transaction":[{"idtransaction":"1","idcliente":"01400-2","valorpago":1}]}`,
    { pointer: "/body/client-transaction/0/idtransaction" },
  ],
  [
    "an unknown member",
    `{"client-transaction":[{"idtransaction":1,"idcliente":"01400-2","valorpago":1,"cpf":"x"}]}`,
    { code: "invalid-field" },
  ],
  [
    "a number no float holds",
    `{"client-transaction":[{"idtransaction":1,"idcliente":"01400-2","valorpago":1e999}]}`,
    { code: "invalid-field" },
  ],
  [
    "a member twice",
    `{"client-transaction":[{"idtransaction":1,"idtransaction":2,"idcliente":"01400-2","valorpago":1}]}`,
    { pointer: "/body/client-transaction/0/idtransaction" },
  ],
  ["an item over 64 KiB", envelope(first.replace(" : ", " ".repeat(70_000) + ":")), { pointer: "/body/client-transaction/0" }],
  ["more than 1000 items", envelope(...Array.from({ length: 1001 }, () => first)), { pointer: "/body/client-transaction" }],
])("%s: refused, nothing stored", async (_, text, expected) => {
  const before = await eventCount();
  await expect(ingest(text, "bad")).rejects.toMatchObject(expected);
  expect(await eventCount()).toBe(before);
});

test("a key without events:write, or without the type, stores nothing", async () => {
  await expect(ingest(envelope(first), "k6", contextWith(fixture, ["events:read"]))).rejects.toMatchObject({ code: "forbidden" });
  await expect(ingest(envelope(first), "k6", { ...producer, eventTypes: ["client-transaction-reversed"] })).rejects.toMatchObject({
    code: "forbidden",
  });
});

test("pages hold every event once, newest first, and never a body", async () => {
  const reader = contextWith(fixture, ["events:read"]);
  const all = (await listEvents(reader, { limit: 200 })).items;
  const seen: typeof all = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof listEvents>> = await listEvents(reader, { limit: 3, ...(cursor === null ? {} : { cursor }) });
    seen.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  expect(seen).toEqual(all);
  expect(JSON.stringify(all)).not.toContain("valorpago");
  await expect(listEvents(reader, { cursor: "2026-13-01~x" })).rejects.toMatchObject({ code: "invalid-field" });
});

test("another tenant sees none of it", async () => {
  const other = await createTenantFixture(base.db);
  expect((await listEvents(other.ctx, {})).items).toEqual([]);
});
