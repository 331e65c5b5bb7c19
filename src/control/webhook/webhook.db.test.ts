import pg from "pg";
import { Webhook as Verifier } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { auditCount, auditOf, contextWith, createTenantFixture, type TenantFixture } from "../../../test/helpers/tenant.ts";
import type { NewWebhook } from "../../contract/webhook.ts";
import { tenantTx } from "../../db/tx.ts";
import { unseal } from "../../platform/seal.ts";
import { createWebhook } from "./create.ts";
import { getWebhook } from "./get.ts";
import { listWebhooks } from "./list.ts";
import { requestWebhookCheck } from "./request-check.ts";

let base: TestDatabase;
let fixture: TenantFixture;
beforeAll(async () => {
  base = await createTestDatabase();
  fixture = await createTenantFixture(base.db);
});
afterAll(() => base[Symbol.asyncDispose]());

function input(more: Partial<NewWebhook> = {}): NewWebhook {
  return {
    license_id: fixture.license.license_id,
    name: "hook",
    url: "https://hooks.example.com/x",
    event_types: ["client-transaction"],
    mode: "live",
    ...more,
  };
}

async function stored(webhookId: string) {
  return tenantTx(base.db, fixture.tenantId, (tx) =>
    tx
      .selectFrom("webhook")
      .select(["secret_sealed", "allowed_address"])
      .where("tenant_id", "=", fixture.tenantId)
      .where("webhook_id", "=", webhookId)
      .executeTakeFirstOrThrow(),
  );
}

test("the secret is a Standard Webhooks one, shown once, and sealed to its row", async () => {
  const made = await createWebhook(fixture.ctx, input());
  expect(made.state).toBe("pending");
  const sent = new Date();
  expect(
    new Verifier(made.secret).verify("{}", {
      "webhook-id": "a",
      "webhook-timestamp": String(Math.floor(sent.getTime() / 1000)),
      "webhook-signature": new Verifier(made.secret).sign("a", sent, "{}"),
    }),
  ).toEqual({});
  expect(Buffer.from(made.secret.slice(6), "base64")).toHaveLength(32);
  const row = await stored(made.webhook_id);
  expect(unseal(fixture.keyring.data, row.secret_sealed, `webhook.secret:${made.webhook_id}`).toString()).toBe(made.secret);
  expect(row.allowed_address).toBeNull();
  const shown = [
    await getWebhook(fixture.ctx, made),
    await listWebhooks(fixture.ctx, {}),
    await auditOf(base.db, fixture.tenantId, made.webhook_id),
  ];
  expect(JSON.stringify(shown)).not.toContain(made.secret.slice(6));
  expect(shown[2]).toMatchObject([{ action: "webhook.create" }]);
});

test("only event types of the license may be chosen, each once", async () => {
  await expect(
    createWebhook(fixture.ctx, input({ event_types: ["client-transaction", "client-transaction-reversed"] })),
  ).rejects.toMatchObject({
    pointer: "/body/event_types/1",
  });
  await expect(createWebhook(fixture.ctx, input({ event_types: ["client-transaction", "client-transaction"] }))).rejects.toMatchObject({
    pointer: "/body/event_types/1",
  });
});

test("a local receiver is for demo tenants alone and must be the address allowed", async () => {
  const local = input({ url: "http://127.0.0.1:4567/webhook" });
  const before = await auditCount(base.db, fixture.tenantId);
  await expect(createWebhook(fixture.ctx, local)).rejects.toMatchObject({ code: "invalid-field", pointer: "/body/url" });
  await expect(createWebhook(fixture.ctx, local, { allowedAddress: "127.0.0.1:4567" })).rejects.toMatchObject({ code: "forbidden" });
  await expect(createWebhook(fixture.ctx, local, { allowedAddress: "127.0.0.1:4568" })).rejects.toMatchObject({ code: "invalid-field" });
  expect(await auditCount(base.db, fixture.tenantId)).toBe(before);
  const demo = await createTenantFixture(base.db, { webhook: { allowedAddress: "127.0.0.1:4567" } });
  expect(demo.webhook.url).toBe("http://127.0.0.1:4567/webhook");
});

test("a check is asked for once while it is open, wakes the dispatcher and is audited", async () => {
  const made = await createWebhook(fixture.ctx, input());
  const listener = new pg.Client({ connectionString: base.url });
  await listener.connect();
  try {
    const woken = new Promise<string>((resolve) => listener.on("notification", (note) => resolve(note.channel)));
    await listener.query("LISTEN aqueduto_events");
    const checks = await Promise.all(Array.from({ length: 4 }, () => requestWebhookCheck(fixture.ctx, made)));
    expect(new Set(checks.map((check) => check.check_id)).size).toBe(1);
    expect(await woken).toBe("aqueduto_events");
  } finally {
    await listener.end();
  }
  expect((await getWebhook(fixture.ctx, made)).last_check).toMatchObject({ state: "requested", status: null, finished_at: null });
  const actions = (await auditOf(base.db, fixture.tenantId, made.webhook_id)).map((entry) => entry.action);
  expect(actions).toEqual(["webhook.create", "webhook.check"]);
});

test("another tenant's license and webhook do not exist", async () => {
  const other = await createTenantFixture(base.db);
  await expect(createWebhook(other.ctx, input())).rejects.toMatchObject({ pointer: "/body/license_id" });
  await expect(getWebhook(other.ctx, fixture.webhook)).rejects.toMatchObject({ code: "not-found" });
  await expect(requestWebhookCheck(other.ctx, fixture.webhook)).rejects.toMatchObject({ code: "not-found" });
});

test("a key without webhooks:write changes nothing", async () => {
  const reader = contextWith(fixture, ["webhooks:read"]);
  const before = await auditCount(base.db, fixture.tenantId);
  await expect(createWebhook(reader, input())).rejects.toMatchObject({ code: "forbidden" });
  await expect(requestWebhookCheck(reader, fixture.webhook)).rejects.toMatchObject({ code: "forbidden" });
  expect(await auditCount(base.db, fixture.tenantId)).toBe(before);
});
