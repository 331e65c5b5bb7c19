import { sql } from "kysely";
import { expect, test } from "vitest";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { platformTx } from "../db/tx.ts";
import { seal } from "../platform/seal.ts";
import { readDownTargets } from "./snapshot-loader-health.ts";
import { loadPolicy } from "./snapshot-loader.ts";
import { dataKey } from "./testing/test-policy.ts";

test("a service comes with its further targets in order, its settings, and the targets that are down", async () => {
  await using database = await createTestDatabase();
  const sealed = seal(dataKey, "x", "y");
  await platformTx(database.db, async (tx) => {
    await sql`INSERT INTO aqueduto.tenant (tenant_id, name) VALUES ('ten_a', 'Utility A')`.execute(tx);
    await sql`INSERT INTO aqueduto.service (tenant_id, service_id, name, live_url, credential_sealed, identity_key_sealed, openapi)
              VALUES ('ten_a', 'svc_a', 'Base', 'http://a:1', ${sealed}, ${sealed}, '{"x-targets":{"max_pending":7}}')`.execute(tx);
    await sql`INSERT INTO aqueduto.service_target (tenant_id, service_id, mode, position, url, health_state)
              VALUES ('ten_a', 'svc_a', 'live', 1, 'http://a:1', 'up'), ('ten_a', 'svc_a', 'live', 3, 'http://c:1', 'down'),
                     ('ten_a', 'svc_a', 'live', 2, 'http://b:1', 'unknown')`.execute(tx);
  });
  const policy = await loadPolicy(
    database.db,
    { known: undefined },
    { reserve: () => undefined, addClients: () => undefined, addAccesses: () => undefined, addTokens: () => undefined },
  );
  const [service] = typeof policy === "object" ? (policy.licensing?.services ?? []) : [];
  expect(service).toMatchObject({
    live_url: "http://a:1",
    more_live: ["http://b:1", "http://c:1"],
    more_sandbox: [],
    target_settings: { max_pending: 7 },
  });
  expect([...(await readDownTargets(database.db))]).toEqual(["svc_a http://c:1"]);
});
