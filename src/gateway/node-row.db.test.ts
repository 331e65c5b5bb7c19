import { expect, test } from "vitest";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { until } from "../../test/helpers/until.ts";
import { createNodeRow } from "./node-row.ts";

test("the epoch that a renewal answers is the newest once its bounds are committed, not when it began", async () => {
  await using base = await createTestDatabase();
  const row = createNodeRow(base.db, { nodeId: "nod_test", roles: ["gateway"], graceMs: 0 });
  const before = await row.renew(1n);
  const other = await base.pool.connect();
  await other.query("BEGIN");
  const [holder] = (await other.query<{ pid: number }>("SELECT pg_backend_pid() AS pid")).rows;
  await other.query("SELECT 1 FROM node WHERE node_id = 'nod_test' FOR UPDATE");
  const renewal = row.renew(before);
  const blocked = "SELECT 1 FROM pg_stat_activity WHERE $1::int = ANY (pg_blocking_pids(pid))";
  await until("the renewal waits", async () => (await base.pool.query(blocked, [holder?.pid])).rowCount !== 0);
  await other.query("SELECT set_config('aqueduto.tenant', 'ten_test', true)");
  await other.query("INSERT INTO tenant (tenant_id, name) VALUES ('ten_test', 'Test')");
  await other.query("COMMIT");
  other.release();
  expect(await renewal).toBe(before + 1n);
});
