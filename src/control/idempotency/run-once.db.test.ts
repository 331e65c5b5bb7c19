import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { auditCount, testKeyring } from "../../../test/helpers/tenant.ts";
import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import { tenantTx } from "../../db/tx.ts";
import { systemClock } from "../../platform/clock.ts";
import { newId } from "../../platform/ids.ts";
import { type ActionContext, systemContext } from "../context.ts";
import { createPartner } from "../partner/create.ts";
import { createTenant } from "../tenant/create.ts";
import { keyedHash } from "../user/email.ts";
import { purgeRequests } from "./purge.ts";
import { reserve } from "./reserve.ts";
import { runOnce } from "./run-once.ts";

let base: TestDatabase;
let ctx: ActionContext;
beforeAll(async () => {
  base = await createTestDatabase();
  ctx = systemContext({ db: base.db, clock: systemClock, keyring: testKeyring() }, newId("ten"), "test");
  await createTenant(ctx, { name: "Concessionária", demo: false });
});
afterAll(() => base[Symbol.asyncDispose]());

const request = (key: string, input: unknown = { name: "x" }) => ({ route: "POST /v1/partners", key, input, shownOnce: [] as string[] });

/** A new request of the same actor, at `atMs` of the clock. */
function caller(atMs?: number): ActionContext {
  const clock = atMs === undefined ? ctx.clock : { ...ctx.clock, now: () => new Date(atMs) };
  return { ...ctx, clock, requestId: newId("req") };
}

async function create(ctx: ActionContext): Promise<{ status: number; body: unknown }> {
  return { status: 201, body: await createPartner(ctx, { name: "Banco" }) };
}

async function partners(): Promise<number> {
  const rows = await tenantTx(base.db, ctx.tenantId, (tx) =>
    tx.selectFrom("partner").select("partner_id").where("tenant_id", "=", ctx.tenantId).execute(),
  );
  return rows.length;
}

test("the same key and request give the first reply and change nothing again", async () => {
  const first = await runOnce(caller(), request("k1"), create);
  const before = [await partners(), await auditCount(base.db, ctx.tenantId)];
  const second = await runOnce(caller(), request("k1"), create);
  expect(first.replayed).toBe(false);
  expect(second).toEqual({ status: 201, body: first.body, replayed: true });
  expect([await partners(), await auditCount(base.db, ctx.tenantId)]).toEqual(before);
});

test("the same key with another request is refused; another actor or route has its own keys", async () => {
  await runOnce(caller(), request("k2"), create);
  await expect(runOnce(caller(), request("k2", { name: "y" }), create)).rejects.toMatchObject({ code: "conflict" });
  const other = { ...caller(), actor: { kind: "key", id: "key_other" } as const };
  expect((await runOnce(other, request("k2", { name: "y" }), create)).replayed).toBe(false);
  expect((await runOnce(caller(), { ...request("k2", 1), route: "POST /v1/clients" }, create)).replayed).toBe(false);
});

test("of many at once one makes the change, the others get its reply or are told to wait", async () => {
  const before = await partners();
  const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => runOnce(caller(), request("k3"), create)));
  expect(await partners()).toBe(before + 1);
  const refused = outcomes.filter((one) => one.status === "rejected").map((one) => one.reason as { code: string });
  expect(refused.filter((one) => one.code !== "request-in-progress")).toEqual([]);
  const made = outcomes.filter((one) => one.status === "fulfilled" && !one.value.replayed);
  expect(made).toHaveLength(1);
});

test("a secret is in the first reply alone, and its row does not hold it", async () => {
  const secretRequest = { ...request("k4"), shownOnce: ["token"] };
  const work = async (ctx: ActionContext) => ({
    status: 201,
    body: { ...(await createPartner(ctx, { name: "B" })), token: "aq_live_secret" },
  });
  const first = await runOnce(caller(), secretRequest, work);
  expect(first.body).toHaveProperty("token", "aq_live_secret");
  const { token: _, ...rest } = first.body as { token: string };
  const second = await runOnce(caller(), secretRequest, work);
  expect(second.body).toEqual({ ...rest, secret_shown: false });
});

test("the stored reply cannot be read without the data key", async () => {
  await runOnce(caller(), request("k5"), create);
  const rows = await tenantTx(base.db, ctx.tenantId, (tx) => tx.selectFrom("request").selectAll().execute());
  expect(rows.length).toBeGreaterThan(0);
  for (const row of rows) expect(row.reply_sealed?.toString("latin1") ?? "").not.toContain("partner_id");
});

test("a refused request frees its key, so that it can be put right", async () => {
  const refuse = () => Promise.reject(new RangeError("no"));
  await expect(runOnce(caller(), request("k6"), refuse)).rejects.toThrow("no");
  expect((await runOnce(caller(), request("k6", { name: "better" }), create)).replayed).toBe(false);
});

test("a refusal that was noted in the audit frees its key too", async () => {
  const refuse = async (ctx: ActionContext) => {
    await tenantTx(base.db, ctx.tenantId, (tx) =>
      appendAdminEntry(tx, ctx, { action: "token.register_refused", target: { kind: "access", id: "acc_x" } }),
    );
    throw new AppError("invalid-field");
  };
  await expect(runOnce(caller(), request("k11"), refuse)).rejects.toMatchObject({ code: "invalid-field" });
  expect((await runOnce(caller(), request("k11", { name: "mended" }), create)).replayed).toBe(false);
});

test("what a request asked is kept as a keyed hash: without the keys no secret in it can be guessed", async () => {
  const input = { credential: "1234" };
  await runOnce(caller(), request("k12", input), create);
  const plain = createHash("sha256").update(JSON.stringify(input)).digest();
  const rows = await tenantTx(base.db, ctx.tenantId, (tx) => tx.selectFrom("request").select("input_hash").execute());
  const hashes = rows.map((row) => row.input_hash.toString("hex"));
  expect(hashes).not.toContain(plain.toString("hex"));
  expect(hashes).toContain(keyedHash(ctx.keyring, "request.input", JSON.stringify(input)).toString("hex"));
});

test("a process that ended before its change leaves a key that is taken over after a minute", async () => {
  const start = Date.now();
  await reserve(caller(start), request("k7"));
  await expect(runOnce(caller(start + 59_000), request("k7"), create)).rejects.toMatchObject({ code: "request-in-progress" });
  expect((await runOnce(caller(start + 61_000), request("k7", { name: "another" }), create)).replayed).toBe(false);
});

test("the change of a request whose key was taken over is rolled back", async () => {
  const start = Date.now();
  const before = await partners();
  let proceed: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (proceed = resolve));
  const slow = runOnce(caller(start), request("k8"), async (ctx) => {
    await held;
    return create(ctx);
  });
  const slowEnd = slow.catch((error: unknown) => error);
  await expect.poll(() => reserve(caller(start), request("k8")).catch((error: { code: string }) => error.code)).toBe("request-in-progress");
  await runOnce(caller(start + 61_000), request("k8"), create);
  proceed();
  expect(await slowEnd).toMatchObject({ code: "request-in-progress" });
  expect(await partners()).toBe(before + 1);
});

test("a change whose reply was lost is never made again, and the answer names its request", async () => {
  const start = Date.now();
  const lost = caller(start);
  const before = await partners();
  await runOnce(lost, request("k9"), async (ctx) => {
    await create(ctx);
    throw new RangeError("the process ends here");
  }).catch(() => undefined);
  await expect(runOnce(caller(start + 1), request("k9"), create)).rejects.toMatchObject({ code: "request-in-progress" });
  const later = runOnce(caller(start + 61_000), request("k9"), create);
  await expect(later).rejects.toMatchObject({ code: "outcome-unknown", message: expect.stringContaining(lost.requestId) });
  expect(await partners()).toBe(before + 1);
});

test("after 24 hours the key is free, and the job forgets what was stored", async () => {
  const start = Date.now();
  await runOnce(caller(start), request("k10"), create);
  expect((await runOnce(caller(start + 24 * 3_600_000 - 1), request("k10"), create)).replayed).toBe(true);
  expect((await runOnce(caller(start + 24 * 3_600_000), request("k10"), create)).replayed).toBe(false);
  expect(await purgeRequests(base.db, new Date(start + 49 * 3_600_000))).toBeGreaterThan(0);
  const rows = await tenantTx(base.db, ctx.tenantId, (tx) => tx.selectFrom("request").select("slot").execute());
  expect(rows).toEqual([]);
});
