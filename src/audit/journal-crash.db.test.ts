import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { createTestDatabase } from "../../test/helpers/database.ts";
import type { Db } from "../db/database.ts";
import { platformTx } from "../db/tx.ts";
import { systemClock } from "../platform/clock.ts";
import { createLog } from "../platform/log.ts";
import { startJournalShipper } from "./journal-shipper.ts";

const log = createLog("silent");

function moduleUrl(path: string): string {
  return JSON.stringify(new URL(path, import.meta.url).href);
}

// a node that answers calls without end: an id is printed only after its append resolved
const child = `
  import { writeSync } from "node:fs";
  const { openJournal } = await import(${moduleUrl("journal.ts")});
  const { startJournalShipper } = await import(${moduleUrl("journal-shipper.ts")});
  const { openDatabase } = await import(${moduleUrl("../db/database.ts")});
  const { createLog } = await import(${moduleUrl("../platform/log.ts")});
  const { newId } = await import(${moduleUrl("../platform/ids.ts")});
  const { systemClock: clock } = await import(${moduleUrl("../platform/clock.ts")});
  const [dir, url, sync] = process.argv.slice(1);
  const log = createLog("silent");
  const journal = await openJournal({ dir, nodeId: "nod_1", log, sync, segmentBytes: 30000 });
  const { db } = openDatabase({ url, max: 2, applicationName: "crash-child" });
  startJournalShipper({ dir, db, log, clock, journal, batchRecords: 40, pollMs: 1 });
  function say(line) {
    // a pipe that is full for a moment
    for (;;) try { return writeSync(1, line); } catch (error) { if (error.code !== "EAGAIN") throw error; }
  }
  async function call() {
    const id = newId("aud");
    await journal.append({ id, at: new Date().toISOString(), phase: "answer", tenantId: "ten_a", method: "GET", route: "/v1/x/{ref}", status: 200, code: "ok", requestId: newId("req") });
    say(id + "\\n");
  }
  async function caller() {
    for (;;) {
      await call();
      if (Math.random() < 0.3) await new Promise((resolve) => setImmediate(resolve));
    }
  }
  for (let i = 0; i < 12; i += 1) void caller();
`;

/** Runs a node until so many calls were answered, kills it with SIGKILL, and gives every id it had answered by then. */
async function runUntilKilled(dir: string, url: string, sync: string, answers: number): Promise<string[]> {
  const node = spawn(process.execPath, ["--input-type=module", "-e", child, dir, url, sync], { stdio: ["ignore", "pipe", "inherit"] });
  const acknowledged: string[] = [];
  for await (const line of createInterface({ input: node.stdout })) {
    // the last line may have been cut by the kill
    if (/^aud_[0-9a-z]{26}$/.test(line)) acknowledged.push(line);
    if (acknowledged.length === answers) node.kill("SIGKILL");
  }
  if (node.signalCode === null && node.exitCode === null) await once(node, "exit");
  expect(node.signalCode).toBe("SIGKILL");
  return acknowledged;
}

async function stored(db: Db): Promise<{ journal_id: string; counter: number; entry_id: string }[]> {
  const { rows } = await platformTx(db, (tx) =>
    sql<{ journal_id: string; counter: number; entry_id: string }>`
      SELECT journal_id, counter::int AS counter, entry_id FROM aqueduto.access_entry ORDER BY journal_id, counter`.execute(tx),
  );
  return rows;
}

test("every call answered before a SIGKILL is in the store after the next start, once, without gaps", { timeout: 240_000 }, async () => {
  await using database = await createTestDatabase();
  const dir = await mkdtemp(join(tmpdir(), "aqueduto-crash-"));
  await using _cleanup = { [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) };
  const acknowledged: string[] = [];
  const rounds = 6;
  for (let round = 0; round < rounds; round += 1) {
    const answers = 1 + Math.floor(Math.random() * 1500);
    acknowledged.push(...(await runUntilKilled(dir, database.url, round % 2 === 0 ? "interval" : "answer", answers)));
  }
  {
    await using shipper = startJournalShipper({ dir, db: database.db, log, clock: systemClock });
    await shipper.flush();
  }
  const rows = await stored(database.db);
  const ids = new Set(rows.map((row) => row.entry_id));
  expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
  expect(ids.size).toBe(rows.length);
  const byJournal = Map.groupBy(rows, (row) => row.journal_id);
  expect(byJournal.size).toBe(rounds);
  for (const entries of byJournal.values()) expect(entries.map((row) => row.counter)).toEqual(entries.map((_, i) => i + 1));
  const open = await sql`SELECT 1 FROM aqueduto.journal WHERE closed_at IS NULL OR NOT recovered`.execute(database.db);
  expect(open.rows).toEqual([]);
  expect(await readdir(dir)).toEqual([]);
});
