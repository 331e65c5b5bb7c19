import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestAdmin, type TestAdmin } from "../../test/helpers/admin.ts";
import { createTestDatabase, type TestDatabase } from "../../test/helpers/database.ts";
import { createTenantFixture, type TenantFixture } from "../../test/helpers/tenant.ts";
import { createApiKey } from "../control/api-key/create.ts";
import { createMetrics } from "../platform/metrics.ts";

let base: TestDatabase;
let fixture: TenantFixture;
let admin: TestAdmin;
const metrics = createMetrics();

beforeAll(async () => {
  base = await createTestDatabase();
  fixture = await createTenantFixture(base.db);
  admin = await startTestAdmin({ db: base.db, keyring: fixture.keyring, metrics });
});
afterAll(async () => {
  await admin[Symbol.asyncDispose]();
  await base[Symbol.asyncDispose]();
});

test("metrics are for a key with metrics:read: nobody without a credential, nobody with another scope", async () => {
  metrics.counter("a_total", "a").value += 1;
  const reader = await createApiKey(fixture.ctx, { name: "prometheus", scopes: ["metrics:read"] });
  const other = await createApiKey(fixture.ctx, { name: "other", scopes: ["status:read"] });
  const partners = { partnerIds: [fixture.partner.partner_id] };
  const ofPartner = await createApiKey(fixture.ctx, { name: "partner", scopes: ["metrics:read"], ...partners });
  expect((await admin.send("GET", "/metrics", { key: ofPartner.key.reveal() })).status).toBe(404);
  const [open, wrong, good] = [
    await admin.send("GET", "/metrics"),
    await admin.send("GET", "/metrics", { key: other.key.reveal() }),
    await admin.send("GET", "/metrics", { key: reader.key.reveal() }),
  ];
  expect([open.status, wrong.status, good.status]).toEqual([401, 403, 200]);
  expect(good.text).toBe(metrics.text());
  expect(good.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
});
