import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { auditOf, contextWith, createTenantFixture, fixtureOpenapi, type TenantFixture } from "../../../test/helpers/tenant.ts";
import { until } from "../../../test/helpers/until.ts";
import { openJournal } from "../../audit/journal.ts";
import { startJournalShipper } from "../../audit/journal-shipper.ts";
import { tenantTx } from "../../db/tx.ts";
import { startGateway } from "../../gateway/start-gateway.ts";
import { systemClock } from "../../platform/clock.ts";
import { createLog } from "../../platform/log.ts";
import { exportProcessingRecord } from "../processing-record/export.ts";
import { createSubjectReport } from "./create.ts";

const log = createLog("silent");
const cpf = "11144477735";
const mark = { "x-lgpd-subject": true };

/** The fixture's document, its cpf marked as that of the person the answer is about. */
const openapi: unknown = JSON.parse(JSON.stringify(fixtureOpenapi), (name, value: unknown) =>
  name === "cpf" ? { ...Object(value), ...mark } : value,
);

let base: TestDatabase;
let dir: string;
beforeAll(async () => {
  base = await createTestDatabase();
  dir = await mkdtemp(join(tmpdir(), "aqueduto-subject-"));
});
afterAll(async () => {
  await base[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

/** Answers every property with its own number and one CPF; 999 is not there. */
async function startService() {
  const server = createServer((incoming, response) => {
    const matricula = Number((incoming.url ?? "").split("/")[3]);
    if (matricula === 999) return response.writeHead(404).end();
    const body = JSON.stringify({ matricula, name: "MARIA TESTE", cpf, phone: "81", debt: 1, status: "ok" });
    return response.writeHead(200, { "content-type": "application/json" }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? (address?.port ?? 0) : 0}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Calls through a real gateway and a real journal, until the shipper has brought every record to the store. */
async function callThrough(fixture: TenantFixture, paths: string[]): Promise<{ statuses: number[]; journal: string }> {
  const place = join(dir, randomBytes(4).toString("hex"));
  await mkdir(place);
  const journal = await openJournal({ dir: place, nodeId: "nod_test", log, sync: "interval", clock: systemClock });
  const shipper = startJournalShipper({ dir: place, db: base.db, log, clock: systemClock, journal });
  const gateway = await startGateway({
    host: "127.0.0.1",
    port: 0,
    db: base.db,
    policyListenUrl: base.url,
    keyring: fixture.keyring,
    journal,
    log,
    clock: systemClock,
    nodeId: `nod_${randomBytes(4).toString("hex")}`,
    storeGraceMs: 60_000,
  });
  try {
    const statuses: number[] = [];
    for (const path of paths) {
      const reply = await fetch(gateway.url + path, { headers: { authorization: `Bearer ${fixture.token}` } });
      await reply.arrayBuffer();
      statuses.push(reply.status);
    }
    const shipped = async () => {
      const { rows } = await tenantTx(base.db, fixture.tenantId, (tx) =>
        sql<{ count: bigint }>`SELECT count(*) AS count FROM access_entry WHERE tenant_id = ${fixture.tenantId}`.execute(tx),
      );
      return rows[0]?.count === BigInt(paths.length);
    };
    await until("every call is in the store", shipped);
    const files = await readdir(place, { recursive: true });
    const texts = await Promise.all(files.map((file) => readFile(join(place, file), "latin1").catch(() => "")));
    return { statuses, journal: texts.join("\n") };
  } finally {
    await gateway.drain(1_000);
    await shipper.drain(1_000);
    await journal.close();
  }
}

async function tenant(serviceUrl: string): Promise<TenantFixture> {
  return createTenantFixture(base.db, { serviceUrl, openapi });
}

test("who received data of a person is found by matrícula and by CPF, from calls that went through gateway, journal and shipper", async () => {
  await using service = await startService();
  const fixture = await tenant(service.url);
  const { ctx, license, partner } = fixture;
  const paths = ["/v1/properties/123455", "/v1/properties/123455", "/v1/properties/777", "/v1/properties/999", "/v1/health"];
  const { statuses, journal } = await callThrough(fixture, paths);
  expect(statuses.slice(0, 4)).toEqual([200, 200, 200, 404]);
  const report = await createSubjectReport(ctx, { matricula: "000123455" });
  expect(report).toMatchObject({ subject: "matricula", calls_not_indexed: 0 });
  expect(report.items).toMatchObject([
    {
      license_id: license.license_id,
      license_name: license.name,
      license_version: 1,
      partner_id: partner.partner_id,
      partner_name: partner.name,
      purpose: "teste",
      legal_basis: license.legal_basis,
      operation_id: "getProperty",
      categories: ["financial=full", "identity=masked", "indirect=full", "technical=full"],
      calls: 2,
    },
  ]);
  // the document stood in the answers alone
  expect((await createSubjectReport(ctx, { document: "111.444.777-35" })).items).toMatchObject([{ operation_id: "getProperty", calls: 3 }]);
  // an object that was not there: nothing of it was received
  expect((await createSubjectReport(ctx, { matricula: "999" })).items).toEqual([]);
  expect((await createSubjectReport(ctx, { matricula: "1" })).items).toEqual([]);
  // neither the journal nor any table beside holds a value
  expect(journal).toContain('"subjects":');
  expect(journal).not.toContain(cpf);
  expect(journal).not.toContain("123455");
  const dump = await tenantTx(base.db, fixture.tenantId, (tx) =>
    sql<{ text: string }>`SELECT (SELECT string_agg(e::text, ' ') FROM access_entry e WHERE tenant_id = ${fixture.tenantId})
      || (SELECT string_agg(s::text, ' ') FROM subject_index s WHERE tenant_id = ${fixture.tenantId})
      || (SELECT string_agg(a::text, ' ') FROM admin_entry a WHERE tenant_id = ${fixture.tenantId}) AS text`.execute(tx),
  );
  expect(dump.rows[0]?.text).not.toContain(cpf);
  expect(dump.rows[0]?.text).not.toContain("123455");
  const audit = await auditOf(base.db, fixture.tenantId, report.report_id);
  expect(audit).toMatchObject([{ action: "subject_report.create", detail: { subject: "matricula", rows: 1 } }]);
  // the same calls in the record of processing
  const month = new Date().toISOString().slice(0, 7);
  const rows = await Array.fromAsync(exportProcessingRecord(ctx, { from: month }));
  expect(rows.find((row) => row.name === "getProperty")).toMatchObject({
    license_id: license.license_id,
    kind: "operation",
    purpose: "teste",
    categories: ["financial=full", "identity=masked", "indirect=full", "technical=full"],
    volume: 3,
    refused: 1,
    approval: "two_persons",
  });
  expect(rows.map((row) => row.name).sort()).toEqual(["client-transaction", "getHealth", "getProperty"]);
  expect((await Array.fromAsync(exportProcessingRecord(ctx, { from: "2021-01", to: "2021-12" }))).length).toBe(0);
});

test("one tenant's report says nothing of another's calls, though both asked for the same person", async () => {
  await using service = await startService();
  const mine = await tenant(service.url);
  const theirs = await tenant(service.url);
  await callThrough(theirs, ["/v1/properties/42"]);
  expect((await createSubjectReport(mine.ctx, { matricula: "42" })).items).toEqual([]);
  expect((await createSubjectReport({ ...theirs.ctx }, { matricula: "42" })).items).toHaveLength(1);
  const hashes = async (fixture: TenantFixture) =>
    (
      await tenantTx(base.db, fixture.tenantId, (tx) =>
        sql<{ hash: string }>`SELECT encode(subject_hash, 'hex') AS hash FROM subject_index WHERE tenant_id = ${fixture.tenantId}`.execute(
          tx,
        ),
      )
    ).rows.map((row) => row.hash);
  expect(await hashes(mine)).toEqual([]);
  expect(await hashes(theirs)).toHaveLength(2);
});

test.each([
  [{}, "/body"],
  [{ document: cpf, matricula: "1" }, "/body"],
  [{ document: "123" }, "/body/document"],
  [{ matricula: "abc" }, "/body/matricula"],
  [{ matricula: "0" }, "/body/matricula"],
  [{ matricula: "1", from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z" }, "/body/to"],
  [{ matricula: "1", from: "2001-01-02T00:00:00Z" }, "/body/from"],
])("%j is refused at %s, without saying the value again", async (input, pointer) => {
  const { ctx } = await createTenantFixture(base.db);
  const refusal = await createSubjectReport(ctx, input).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: "invalid-field", pointer });
  expect(String(refusal)).not.toContain(cpf);
});

test("the scope is needed, and a partner's own user asks nothing", async () => {
  const fixture = await createTenantFixture(base.db);
  const without = contextWith(fixture, ["audit:read", "privacy:read"]);
  await expect(createSubjectReport(without, { matricula: "1" })).rejects.toMatchObject({ code: "forbidden" });
  const partner = contextWith(fixture, ["subjects:read"], { partnerIds: [fixture.partner.partner_id] });
  await expect(createSubjectReport(partner, { matricula: "1" })).rejects.toMatchObject({ code: "not-found" });
  await expect(Array.fromAsync(exportProcessingRecord(contextWith(fixture, ["audit:read"]), { from: "2026-01" }))).rejects.toMatchObject({
    code: "forbidden",
  });
  for (const period of [
    { from: "2026-02", to: "2026-01" },
    { from: "2020-01", to: "2026-01" },
  ])
    await expect(Array.fromAsync(exportProcessingRecord(fixture.ctx, period))).rejects.toMatchObject({ pointer: "/body/to" });
});
