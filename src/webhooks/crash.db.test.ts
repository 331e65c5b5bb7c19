import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { startReceiver } from "../../test/helpers/receiver.ts";
import { until } from "../../test/helpers/until.ts";
import { addHook, addTenant, dataKey, enqueue, payments, rowsOf } from "../../test/helpers/webhook-bed.ts";

const child = fileURLToPath(new URL("../../test/helpers/dispatcher-process.ts", import.meta.url));

/** A dispatcher in a process of its own, which a signal can end at any instruction. */
function start(url: string) {
  return fork(child, [url, dataKey.kid, dataKey.key.toString("base64"), "1500"], { stdio: "ignore", execArgv: [] });
}

test("a dispatcher killed in the middle loses nothing: another takes over what it had claimed, with the same ids and bytes", async () => {
  await using database = await createTestDatabase();
  const { db } = database;
  await using receiver = await startReceiver((_request, response) => setTimeout(() => response.writeHead(204).end(), 5));
  const tenantId = await addTenant(db);
  await addHook(db, tenantId, { address: receiver.address, maxBatch: 2 });
  await enqueue(db, tenantId, payments(400));
  let total = 0;
  for (const threshold of [10, 60, 120]) {
    const running = start(database.url);
    const ended = once(running, "exit");
    await until(`${threshold} requests`, () => receiver.received.length >= threshold, 30_000);
    running.kill("SIGKILL");
    await ended;
    total = receiver.received.length;
  }
  const last = start(database.url);
  const ended = once(last, "exit");
  try {
    await until(
      "all delivered",
      async () => {
        const rows = await rowsOf(
          db,
          tenantId,
          sql<{ open: bigint; delivered: bigint }>`
          SELECT count(*) FILTER (WHERE state <> 'delivered') AS open, count(*) FILTER (WHERE state = 'delivered') AS delivered FROM delivery`,
        );
        return rows[0]?.open === 0n && rows[0].delivered === 200n;
      },
      60_000,
    );
  } finally {
    last.kill("SIGKILL");
    await ended;
  }
  expect(total).toBeLessThan(receiver.received.length);
  const items = receiver.received.flatMap((request) =>
    Array.from(request.body.matchAll(/"idtransaction":(\d+)/g), (match) => Number(match[1])),
  );
  expect(new Set(items).size).toBe(400);
  const bodies = Map.groupBy(receiver.received, (request) => request.id);
  expect(bodies.size).toBe(200);
  for (const requests of bodies.values()) expect(new Set(requests.map((request) => request.body)).size).toBe(1);
}, 180_000);
