import { sql } from "kysely";
import { expect, test } from "vitest";
import { createTestDatabase } from "../../test/helpers/database.ts";
import type { Db } from "../db/database.ts";
import { platformTx } from "../db/tx.ts";
import { newId } from "../platform/ids.ts";
import { encodeRecord } from "./journal-line.ts";
import type { NumberedLine } from "./journal-reader.ts";
import { closeShippedJournal, ensurePartitions, registerJournal, shipBatch } from "./ship-batch.ts";

const at = "2026-03-01T12:00:00.000Z";
const owner = { journal_id: "jrn_a", node_id: "nod_a", opened_at: at, pid: 1, stamp: "gone" };

function line(counter: number): NumberedLine {
  const record = {
    id: newId("aud"),
    at,
    phase: "answer",
    method: "GET",
    route: "*",
    status: 404,
    code: "not-found",
    requestId: "req_a",
  } as const;
  return { counter, at, text: encodeRecord(record, counter).trimEnd() };
}

async function counters(db: Db): Promise<number[]> {
  const { rows } = await platformTx(db, (tx) =>
    sql<{ n: number }>`SELECT counter::int AS n FROM aqueduto.access_entry ORDER BY 1`.execute(tx),
  );
  return rows.map((row) => row.n);
}

test("a batch that does not begin where the store is inserts nothing and says so", async () => {
  await using database = await createTestDatabase();
  await ensurePartitions(database.db, at);
  expect(await registerJournal(database.db, owner)).toEqual({ shipped: 0, closed: false });
  const lines = [1, 2, 3, 4, 5].map(line);
  expect(await shipBatch(database.db, "jrn_a", lines.slice(0, 3))).toBe(true);
  expect(await shipBatch(database.db, "jrn_a", lines.slice(0, 3))).toBe(false);
  expect(await shipBatch(database.db, "jrn_a", lines.slice(1))).toBe(false);
  expect(await shipBatch(database.db, "jrn_a", lines.slice(4))).toBe(false);
  expect(await counters(database.db)).toEqual([1, 2, 3]);
  expect(await registerJournal(database.db, owner)).toEqual({ shipped: 3, closed: false });
  await closeShippedJournal(database.db, "jrn_a", new Date(), true);
  expect(await registerJournal(database.db, owner)).toEqual({ shipped: 3, closed: true });
});

test("a batch with one row that the store refuses moves nothing, the counter neither", async () => {
  await using database = await createTestDatabase();
  await ensurePartitions(database.db, at);
  await registerJournal(database.db, owner);
  const refused = { ...line(2), text: line(2).text.replace('"status":404', '"status":999') };
  await expect(shipBatch(database.db, "jrn_a", [line(1), refused])).rejects.toMatchObject({ code: "23514" });
  expect(await counters(database.db)).toEqual([]);
  expect(await registerJournal(database.db, owner)).toEqual({ shipped: 0, closed: false });
});
