import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import pg from "pg";
import { expect, test, vi } from "vitest";
import { createTestDatabase } from "../../test/helpers/database.ts";
import type { AccessRecord } from "../contract/access-record.ts";
import { type Db, openDatabase } from "../db/database.ts";
import { platformTx } from "../db/tx.ts";
import { systemClock } from "../platform/clock.ts";
import { newId } from "../platform/ids.ts";
import { createLog } from "../platform/log.ts";
import { type Journal, openJournal } from "./journal.ts";
import { createJournalFolder, segmentPath } from "./journal-files.ts";
import { encodeEnd, encodeRecord } from "./journal-line.ts";
import { type ShipperOptions, startJournalShipper } from "./journal-shipper.ts";

const log = createLog("silent");

async function temporaryDir(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "aqueduto-shipper-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

function record(more: Partial<AccessRecord> = {}): AccessRecord {
  return {
    id: newId("aud"),
    at: new Date().toISOString(),
    phase: "answer",
    method: "GET",
    route: "/v1/x/{ref}",
    status: 200,
    code: "ok",
    requestId: newId("req"),
    ...more,
  };
}

function optionsFor(dir: string, db: Db, more: Partial<ShipperOptions> = {}): ShipperOptions {
  return { dir, db, log, clock: systemClock, pollMs: 5, ...more };
}

async function open(dir: string, segmentBytes = 5000): Promise<Journal> {
  return openJournal({ dir, nodeId: "nod_1", log, sync: "interval", segmentBytes });
}

async function appendMany(journal: Journal, count: number): Promise<string[]> {
  const records = Array.from({ length: count }, () => record({ tenantId: "ten_a" }));
  await Promise.all(records.map((one) => journal.append(one)));
  return records.map((one) => one.id);
}

async function storedIds(db: Db): Promise<string[]> {
  const { rows } = await platformTx(db, (tx) =>
    sql<{ entry_id: string }>`SELECT entry_id FROM aqueduto.access_entry ORDER BY journal_id, counter`.execute(tx),
  );
  return rows.map((row) => row.entry_id);
}

async function journals(db: Db): Promise<{ shipped: number; closed: number | null; recovered: boolean }[]> {
  const { rows } = await sql<{ shipped: number; closed: number | null; recovered: boolean }>`
    SELECT shipped_counter::int AS shipped, closed_counter::int AS closed, recovered FROM aqueduto.journal ORDER BY journal_id`.execute(db);
  return rows;
}

/** A journal as a dead process leaves it. */
async function deadJournal(dir: string, segments: Record<number, string>): Promise<string> {
  const journalId = newId("jrn");
  const folder = await createJournalFolder(dir, {
    journal_id: journalId,
    node_id: "nod_0",
    opened_at: new Date().toISOString(),
    pid: 1,
    stamp: "gone",
  });
  for (const [segment, text] of Object.entries(segments)) await writeFile(segmentPath(folder, Number(segment)), text);
  return journalId;
}

function lines(from: number, to: number): string {
  return Array.from({ length: to - from + 1 }, (_, i) => encodeRecord(record(), from + i)).join("");
}

test("records reach the store in order while the journal lives, and shipped files go", async () => {
  await using database = await createTestDatabase();
  await using dir = await temporaryDir();
  await using journal = await open(dir.path);
  await using shipper = startJournalShipper(optionsFor(dir.path, database.db, { journal, batchRecords: 7 }));
  const ids = [...(await appendMany(journal, 60)), ...(await appendMany(journal, 60))];
  await shipper.flush();
  expect(await storedIds(database.db)).toEqual(ids);
  const files = await readdir(join(dir.path, journal.journalId));
  expect(files.filter((name) => name.endsWith(".jsonl")).length).toBe(1);
  expect(journal.use().usedBytes).toBe(journal.position().offset);
  expect(shipper.readiness()).toEqual({ ready: true });
});

test("without a flush the loop ships by itself", async () => {
  await using database = await createTestDatabase();
  await using dir = await temporaryDir();
  await using journal = await open(dir.path);
  await using _shipper = startJournalShipper(optionsFor(dir.path, database.db, { journal }));
  const ids = await appendMany(journal, 3);
  await vi.waitFor(async () => expect(await storedIds(database.db)).toEqual(ids), { timeout: 10_000 });
});

test("every field arrives in its column; what is sealed arrives as its bytes", async () => {
  await using database = await createTestDatabase();
  await using dir = await temporaryDir();
  await using journal = await open(dir.path);
  await using shipper = startJournalShipper(optionsFor(dir.path, database.db, { journal }));
  const sealed = Buffer.from([0, 255, 10, 92]);
  const full: AccessRecord = {
    id: newId("aud"),
    at: "2026-05-31T23:59:59.999Z",
    phase: "completion",
    tenantId: "ten_a",
    partnerId: "par_a",
    licenseId: "lic_a",
    licenseVersion: 3,
    clientId: "cli_a",
    accessId: "acc_a",
    tokenId: "tok_a",
    operationId: "getProperty",
    method: "POST",
    route: "/v1/ção/{ref}",
    status: 403,
    code: "forbidden",
    clause: "origins",
    requestId: "req_a",
    bytes: 2 ** 40,
    durationMs: 12,
    count: 5,
    network: "203.0.113.0/24",
    ipSealed: sealed.toString("base64"),
    agentSealed: sealed.toString("base64"),
  };
  await journal.append(full);
  await shipper.flush();
  const { rows } = await platformTx(database.db, (tx) =>
    sql<Record<string, unknown>>`
    SELECT journal_id, counter::int, at, entry_id, phase, tenant_id, partner_id, license_id, license_version, client_id, access_id, token_id, operation_id,
      method, route, status, code, clause, request_id, bytes::text, duration_ms::int, count::int, network, ip_sealed, agent_sealed FROM aqueduto.access_entry`.execute(
      tx,
    ),
  );
  expect(rows).toEqual([
    {
      journal_id: journal.journalId,
      counter: 1,
      at: new Date(full.at),
      entry_id: full.id,
      phase: "completion",
      tenant_id: "ten_a",
      partner_id: "par_a",
      license_id: "lic_a",
      license_version: 3,
      client_id: "cli_a",
      access_id: "acc_a",
      token_id: "tok_a",
      operation_id: "getProperty",
      method: "POST",
      route: "/v1/ção/{ref}",
      status: 403,
      code: "forbidden",
      clause: "origins",
      request_id: "req_a",
      bytes: String(2 ** 40),
      duration_ms: 12,
      count: 5,
      network: "203.0.113.0/24",
      ip_sealed: sealed,
      agent_sealed: sealed,
    },
  ]);
});

test("draining after closing brings the rest home and leaves no file", async () => {
  await using database = await createTestDatabase();
  await using dir = await temporaryDir();
  const journal = await open(dir.path);
  const shipper = startJournalShipper(optionsFor(dir.path, database.db, { journal, pollMs: 60_000 }));
  const ids = await appendMany(journal, 50);
  await journal.close();
  await shipper.drain(10_000);
  expect(await storedIds(database.db)).toEqual(ids);
  expect(await journals(database.db)).toEqual([{ shipped: 50, closed: 50, recovered: false }]);
  expect(await readdir(dir.path)).toEqual([]);
  expect(journal.use().usedBytes).toBe(0);
});

test("what dead processes left is shipped, a torn last line dropped, the journal marked recovered", async () => {
  await using database = await createTestDatabase();
  await using dir = await temporaryDir();
  await deadJournal(dir.path, { 1: lines(1, 5), 2: `${lines(6, 8)}{"n":9,"entry` });
  await deadJournal(dir.path, { 1: lines(1, 2) + encodeEnd(2, new Date().toISOString()) });
  await using shipper = startJournalShipper(optionsFor(dir.path, database.db));
  await shipper.flush();
  expect((await storedIds(database.db)).length).toBe(10);
  expect(await journals(database.db)).toEqual([
    { shipped: 8, closed: 8, recovered: true },
    { shipped: 2, closed: 2, recovered: false },
  ]);
  expect(await readdir(dir.path)).toEqual([]);
});

test("a journal of a process that runs is left to it", async () => {
  await using database = await createTestDatabase();
  await using dir = await temporaryDir();
  await using journal = await open(dir.path);
  await appendMany(journal, 1);
  await using shipper = startJournalShipper(optionsFor(dir.path, database.db));
  await shipper.flush();
  expect(await storedIds(database.db)).toEqual([]);
});

test("a gap stops that journal alone, loudly, and deletes nothing of it", async () => {
  await using database = await createTestDatabase();
  await using dir = await temporaryDir();
  const damaged = await deadJournal(dir.path, { 1: lines(1, 3), 2: lines(5, 6) });
  await using journal = await open(dir.path);
  await using shipper = startJournalShipper(optionsFor(dir.path, database.db, { journal }));
  await appendMany(journal, 4);
  await expect(shipper.flush()).rejects.toThrow(/counter 4 was expected/);
  expect((await storedIds(database.db)).length).toBe(7);
  expect(shipper.readiness()).toEqual({ ready: true, reason: `damaged audit journal: ${damaged}` });
  expect(await readFile(segmentPath(join(dir.path, damaged), 2), "utf8")).not.toBe("");
});

test("a store that lost what was shipped is a gap, not a reason to go on", async () => {
  await using database = await createTestDatabase();
  await using dir = await temporaryDir();
  await deadJournal(dir.path, { 4: lines(31, 33) });
  await using shipper = startJournalShipper(optionsFor(dir.path, database.db));
  await expect(shipper.flush()).rejects.toThrow(/the store has 1\.\.0, the files go on with 31/);
  expect(await storedIds(database.db)).toEqual([]);
});

test("a living journal whose file was removed makes the node not ready", async () => {
  await using database = await createTestDatabase();
  await using dir = await temporaryDir();
  const journal = await open(dir.path);
  await appendMany(journal, 5);
  await rm(segmentPath(join(dir.path, journal.journalId), 1));
  await using shipper = startJournalShipper(optionsFor(dir.path, database.db, { journal }));
  await expect(shipper.flush()).rejects.toThrow(/files are missing/);
  expect(shipper.readiness().ready).toBe(false);
  await journal.close();
});

test("shipping twice from the same files inserts nothing twice", async () => {
  await using database = await createTestDatabase();
  await using dir = await temporaryDir();
  const text = lines(1, 10);
  const journalId = await deadJournal(dir.path, { 1: text });
  await using shipper = startJournalShipper(optionsFor(dir.path, database.db, { batchRecords: 4 }));
  await shipper.flush();
  const first = await storedIds(database.db);
  // a kill after the commit and before the removal
  const folder = await createJournalFolder(dir.path, {
    journal_id: journalId,
    node_id: "nod_0",
    opened_at: new Date().toISOString(),
    pid: 1,
    stamp: "gone",
  });
  await writeFile(segmentPath(folder, 1), text);
  await using again = startJournalShipper(optionsFor(dir.path, database.db));
  await again.flush();
  expect(await storedIds(database.db)).toEqual(first);
  expect(first.length).toBe(10);
  expect(await readdir(dir.path)).toEqual([]);
});

test("two shippers over the same dead journal insert each record once", async () => {
  await using database = await createTestDatabase();
  await using dir = await temporaryDir();
  await deadJournal(dir.path, { 1: lines(1, 400) });
  const shippers = [1, 2].map(() => startJournalShipper(optionsFor(dir.path, database.db, { batchRecords: 5, pollMs: 60_000 })));
  await Promise.allSettled(shippers.map((shipper) => shipper.flush()));
  // who came second may have met files that were just removed; the next look finds nothing left to do
  for (const shipper of shippers) await shipper.flush();
  for (const shipper of shippers) await shipper[Symbol.asyncDispose]();
  expect((await storedIds(database.db)).length).toBe(400);
  expect(new Set(await storedIds(database.db)).size).toBe(400);
});

test("the store going away loses nothing: not ready, then all of it", async () => {
  await using database = await createTestDatabase();
  await using dir = await temporaryDir();
  await using journal = await open(dir.path);
  const own = openDatabase({ url: database.url, max: 2, applicationName: "away" });
  await using shipper = startJournalShipper(optionsFor(dir.path, own.db, { journal }));
  const ids = await appendMany(journal, 20);
  await shipper.flush();
  // inserting is refused: the batch must roll back whole, the counter with it
  await asOwner(database.ownerUrl, "REVOKE INSERT ON aqueduto.access_entry FROM aqueduto_app");
  ids.push(...(await appendMany(journal, 30)));
  await vi.waitFor(() => expect(shipper.readiness()).toEqual({ ready: false, reason: "audit records wait for the store" }), {
    timeout: 10_000,
  });
  expect((await journals(database.db))[0]?.shipped).toBe(20);
  // and connections die
  await asOwner(database.ownerUrl, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'away'");
  ids.push(...(await appendMany(journal, 10)));
  await asOwner(database.ownerUrl, "GRANT INSERT ON aqueduto.access_entry TO aqueduto_app");
  await vi.waitFor(() => expect(shipper.readiness()).toEqual({ ready: true }), { timeout: 15_000 });
  await shipper.flush();
  expect(await storedIds(database.db)).toEqual(ids);
  await shipper[Symbol.asyncDispose]();
  await own.close();
});

async function asOwner(url: string, statement: string): Promise<void> {
  const owner = new pg.Client({ connectionString: url });
  await owner.connect();
  await owner.query(statement);
  await owner.end();
}
