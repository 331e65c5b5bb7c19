import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { auditCount, auditOf, contextWith, createTenantFixture } from "../../../test/helpers/tenant.ts";
import { tenantTx } from "../../db/tx.ts";
import { assessIncident } from "./assess.ts";
import { closeIncident, noteIncident } from "./close.ts";
import { completeIncident } from "./complete.ts";
import { exportIncidents } from "./export.ts";
import { getIncident, listIncidents } from "./list.ts";
import { endOfDay, localDay } from "./local-day.ts";
import { notifyIncident } from "./notify.ts";
import { openIncident } from "./open.ts";

let base: TestDatabase;
beforeAll(async () => {
  base = await createTestDatabase();
});
afterAll(() => base[Symbol.asyncDispose]());

/** A tenant whose clock stands where the test puts it. */
async function tenantAt(instant: string) {
  const clock = { at: new Date(instant), now: () => clock.at, monotonicMs: () => 0 };
  const fixture = await createTenantFixture(base.db);
  return { ...fixture, clock, ctx: { ...fixture.ctx, clock } };
}

const report = { title: "Lista exposta", description: "Um arquivo ficou aberto.", known_at: "2026-04-01T15:00:00Z" };

test("an incident runs from opened to closed, each step with its term and its entry", async () => {
  const { ctx, clock } = await tenantAt("2026-04-01T18:00:00Z");
  const opened = await openIncident(ctx, report);
  // Good Friday (3 April) and the weekend do not count; days are those of Recife, three hours behind UTC
  expect(opened).toMatchObject({
    state: "opened",
    notify_due_at: "2026-04-08T02:59:59.999Z",
    clock: { term: "notify", business_days_left: 3, overdue: false },
  });
  const id = { incident_id: opened.incident_id };
  await assessIncident(ctx, {
    ...id,
    risk: "relevant",
    categories: ["identity", "financial"],
    subjects_estimate: 1200,
    measures: "Fechado.",
  });
  clock.at = new Date("2026-04-07T12:00:00Z");
  const notified = await notifyIncident(ctx, { ...id, notified_at: "2026-04-07T12:00:00Z", authority_protocol: "2026/1" });
  // 20 business days from 7 April: 21 April and 1 May are holidays
  expect(notified).toMatchObject({
    state: "notified",
    complete_due_at: "2026-05-08T02:59:59.999Z",
    clock: { term: "complete", business_days_left: 20 },
  });
  await noteIncident(ctx, { ...id, note: "Pedido de cópia." });
  expect(await completeIncident(ctx, { ...id, subjects_notified_at: "2026-04-07T12:00:00Z" })).toMatchObject({
    state: "completed",
    clock: null,
  });
  const closed = await closeIncident(ctx, { ...id, reason: "Encerrado." });
  expect(closed).toMatchObject({ state: "closed", subjects_estimate: 1200, categories: ["identity", "financial"] });
  expect(closed.steps.map((step) => [step.step, step.from_state, step.to_state])).toEqual([
    [1, null, "opened"],
    [2, "opened", "assessed"],
    [3, "assessed", "notified"],
    [4, "notified", "notified"],
    [5, "notified", "completed"],
    [6, "completed", "closed"],
  ]);
  expect((await auditOf(base.db, ctx.tenantId, opened.incident_id)).map((entry) => entry.action)).toEqual([
    "incident.open",
    "incident.assess",
    "incident.notify",
    "incident.note",
    "incident.complete",
    "incident.close",
  ]);
  expect(await getIncident(ctx, id)).toEqual(closed);
});

test("a small agent has twice the time", async () => {
  const { ctx } = await tenantAt("2026-01-09T18:00:00Z");
  const opened = await openIncident(ctx, { ...report, known_at: "2026-01-09T15:00:00Z", small_agent: true });
  expect(opened.notify_due_at).toBe("2026-01-20T02:59:59.999Z");
});

test("what was known late in the evening was known on that local day", async () => {
  const { ctx } = await tenantAt("2026-01-13T18:00:00Z");
  // 23:30 of Monday in Recife is Tuesday in UTC
  const opened = await openIncident(ctx, { ...report, known_at: "2026-01-13T02:30:00Z" });
  expect(opened.notify_due_at).toBe("2026-01-16T02:59:59.999Z");
});

test("a term that is over shows, and telling late needs the reason why", async () => {
  const { ctx, clock } = await tenantAt("2026-04-01T18:00:00Z");
  const { incident_id } = await openIncident(ctx, report);
  await assessIncident(ctx, { incident_id, risk: "relevant", categories: [] });
  clock.at = new Date("2026-04-08T03:00:00Z");
  expect((await getIncident(ctx, { incident_id })).clock).toMatchObject({ overdue: true, business_days_left: 0 });
  const late = { incident_id, notified_at: "2026-04-08T03:00:00Z" };
  await expect(notifyIncident(ctx, late)).rejects.toMatchObject({ code: "invalid-field", pointer: "/body/delay_reason" });
  await notifyIncident(ctx, { ...late, delay_reason: "feriado local" });
  clock.at = new Date("2026-06-01T12:00:00Z");
  await expect(completeIncident(ctx, { incident_id })).rejects.toMatchObject({ pointer: "/body/delay_reason" });
  expect(await completeIncident(ctx, { incident_id, delay_reason: "perícia" })).toMatchObject({ delay_reason: "feriado local\nperícia" });
});

test("steps have an order, and instants have passed", async () => {
  const { ctx } = await tenantAt("2026-04-01T18:00:00Z");
  await expect(openIncident(ctx, { ...report, known_at: "2026-04-01T19:00:00Z" })).rejects.toMatchObject({ pointer: "/body/known_at" });
  const { incident_id } = await openIncident(ctx, report);
  const notice = { incident_id, notified_at: "2026-04-01T17:00:00Z" };
  await expect(notifyIncident(ctx, notice)).rejects.toMatchObject({ code: "conflict" });
  await expect(completeIncident(ctx, { incident_id })).rejects.toMatchObject({ code: "conflict" });
  await expect(closeIncident(ctx, { incident_id, reason: "x" })).rejects.toMatchObject({ code: "conflict" });
  await assessIncident(ctx, { incident_id, risk: "relevant", categories: [] });
  await expect(closeIncident(ctx, { incident_id, reason: "x" })).rejects.toMatchObject({ code: "conflict" });
  await expect(notifyIncident(ctx, { ...notice, notified_at: "2026-04-01T14:00:00Z" })).rejects.toMatchObject({
    pointer: "/body/notified_at",
  });
  await assessIncident(ctx, { incident_id, risk: "not_relevant", categories: [] });
  expect(await closeIncident(ctx, { incident_id, reason: "sem risco" })).toMatchObject({ state: "closed", clock: null });
  await expect(noteIncident(ctx, { incident_id, note: "x" })).rejects.toMatchObject({ code: "conflict" });
});

test("nobody removes an incident or a step, the owner included", async () => {
  const { ctx } = await tenantAt("2026-04-01T18:00:00Z");
  await openIncident(ctx, report);
  for (const statement of [sql`DELETE FROM incident`, sql`DELETE FROM incident_step`, sql`UPDATE incident_step SET note = 'x'`])
    await expect(tenantTx(base.db, ctx.tenantId, (tx) => statement.execute(tx))).rejects.toMatchObject({ code: "42501" });
  const owner = (await import("pg")).default;
  const client = new owner.Client({ connectionString: base.ownerUrl });
  await client.connect();
  try {
    await expect(client.query("DELETE FROM aqueduto.incident")).rejects.toMatchObject({ code: "42501" });
    await expect(client.query("TRUNCATE aqueduto.incident CASCADE")).rejects.toMatchObject({ code: "42501" });
  } finally {
    await client.end();
  }
});

test("the register is listed by state and exported whole, and the export is audited", async () => {
  const { ctx } = await tenantAt("2026-04-01T18:00:00Z");
  const made = [await openIncident(ctx, report), await openIncident(ctx, { ...report, title: "Segundo" })];
  await assessIncident(ctx, { incident_id: made[0]?.incident_id ?? "", risk: "relevant", categories: [] });
  expect((await listIncidents(ctx, { state: "opened" })).items.map((one) => one.title)).toEqual(["Segundo"]);
  const exported = await Array.fromAsync(exportIncidents(ctx));
  expect(exported.map((one) => one.title)).toEqual(["Segundo", "Lista exposta"]);
  expect((await auditOf(base.db, ctx.tenantId, ctx.tenantId)).at(-1)?.action).toBe("incident.export");
});

test("another tenant's incident is not there, and scopes are needed", async () => {
  const mine = await tenantAt("2026-04-01T18:00:00Z");
  const theirs = await tenantAt("2026-04-01T18:00:00Z");
  const { incident_id } = await openIncident(theirs.ctx, report);
  const before = await auditCount(base.db, theirs.tenantId);
  const verbs = [
    () => getIncident(mine.ctx, { incident_id }),
    () => assessIncident(mine.ctx, { incident_id, risk: "relevant" as const, categories: [] }),
    () => notifyIncident(mine.ctx, { incident_id, notified_at: report.known_at }),
    () => completeIncident(mine.ctx, { incident_id }),
    () => closeIncident(mine.ctx, { incident_id, reason: "x" }),
    () => noteIncident(mine.ctx, { incident_id, note: "x" }),
  ];
  for (const verb of verbs) await expect(verb()).rejects.toMatchObject({ code: "not-found" });
  expect((await listIncidents(mine.ctx, {})).items).toEqual([]);
  const reader = contextWith(theirs, ["incidents:read"]);
  await expect(openIncident(reader, report)).rejects.toMatchObject({ code: "forbidden" });
  await expect(noteIncident(reader, { incident_id, note: "x" })).rejects.toMatchObject({ code: "forbidden" });
  await expect(listIncidents(contextWith(theirs, ["services:read"]), {})).rejects.toMatchObject({ code: "forbidden" });
  expect(await auditCount(base.db, theirs.tenantId)).toBe(before);
});

test("a local day ends where the zone ends it", () => {
  expect(endOfDay("2026-04-07", "America/Recife").toISOString()).toBe("2026-04-08T02:59:59.999Z");
  expect(endOfDay("2026-03-08", "America/New_York").toISOString()).toBe("2026-03-09T03:59:59.999Z");
  expect(localDay(new Date("2026-04-08T02:59:59.999Z"), "America/Recife")).toBe("2026-04-07");
});
