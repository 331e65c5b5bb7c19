import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { auditOf, contextWith, createTenantFixture, type TenantFixture } from "../../../test/helpers/tenant.ts";
import { platformTx } from "../../db/tx.ts";
import { getAuditEntry } from "../audit/get.ts";
import { listAdminLog } from "../audit/list-admin.ts";
import { policyInForce } from "../policy-in-force.ts";
import { setKillSwitch } from "../kill-switch/set.ts";
import { revokeToken } from "../token/revoke.ts";
import { getRevocation } from "./get.ts";
import { listRevocations } from "./list.ts";
import { settleRevocations } from "./settle-job.ts";

let base: TestDatabase;
beforeAll(async () => {
  base = await createTestDatabase();
});
afterAll(() => base[Symbol.asyncDispose]());

async function node(id: string, epoch: bigint, servesSeconds: number): Promise<void> {
  await platformTx(base.db, (tx) =>
    sql`INSERT INTO node (node_id, roles, epoch, lease_until, serves_until)
        VALUES (${id}, '{gateway}', ${epoch}, clock_timestamp(), clock_timestamp() + make_interval(secs => ${servesSeconds}))
        ON CONFLICT (node_id) DO UPDATE SET epoch = excluded.epoch, serves_until = excluded.serves_until, stopped_at = NULL`.execute(tx),
  );
}

async function revoke(fixture: TenantFixture) {
  const done = await revokeToken(fixture.ctx, { token_id: fixture.tokenId, reason: "test" });
  if (!("revocation_id" in done) || done.revocation_id === undefined) throw new Error("a revocation was expected");
  return { revocation_id: done.revocation_id, epoch: done.epoch };
}

test("a revocation names its nodes, turns in force when the last confirms, and that is one audit entry", async () => {
  const fixture = await createTenantFixture(base.db);
  const { revocation_id, epoch } = await revoke(fixture);
  await node("nod_here", epoch, 60);
  await node("nod_island", epoch - 1n, 60);
  const asked = await policyInForce({ ...fixture.ctx, applyHere: () => Promise.resolve(true) }, epoch);
  expect(asked.state).toBe("committed");
  expect(asked.nodes.map((one) => [one.node_id, one.in_force])).toEqual([
    ["nod_here", true],
    ["nod_island", false],
  ]);
  expect(Date.parse(asked.latest ?? "")).toBeGreaterThan(Date.now());
  const open = await getRevocation(fixture.ctx, { revocation_id });
  expect(open).toMatchObject({
    state: "committed",
    what: "token.revoke",
    target: { kind: "token", id: fixture.tokenId },
    in_force_at: null,
  });
  expect(open.latest).toBe(asked.latest);
  await node("nod_island", epoch, 60);
  expect(await settleRevocations(fixture.ctx)).toBeGreaterThanOrEqual(1);
  const settled = await getRevocation(fixture.ctx, { revocation_id });
  expect(settled).toMatchObject({ state: "in_force", in_force_at: expect.any(String) });
  expect(settled.latest).toBeUndefined();
  await Promise.all([settleRevocations(fixture.ctx), getRevocation(fixture.ctx, { revocation_id })]);
  const audit = await auditOf(base.db, fixture.tenantId, revocation_id);
  expect(audit).toMatchObject([
    {
      action: "revocation.in_force",
      actor_kind: "system",
      detail: { what: "token.revoke", epoch: String(epoch), nodes: [{ node_id: "nod_here" }, { node_id: "nod_island" }] },
    },
  ]);
});

test("a read turns it in force when the bound of the missing node has passed, and concurrent reads make one entry", async () => {
  const fixture = await createTenantFixture(base.db);
  const { revocation_id, epoch } = await revoke(fixture);
  await node("nod_here", epoch, 60);
  await node("nod_island", epoch - 1n, 60);
  expect((await getRevocation(fixture.ctx, { revocation_id })).state).toBe("committed");
  await node("nod_island", epoch - 1n, -1);
  const reads = await Promise.all(Array.from({ length: 4 }, () => getRevocation(fixture.ctx, { revocation_id })));
  expect(reads.map((one) => one.state)).toEqual(["in_force", "in_force", "in_force", "in_force"]);
  expect(await auditOf(base.db, fixture.tenantId, revocation_id)).toHaveLength(1);
});

test("the proof of a partner's own revocation is in the admin log that the partner reads, and in nobody else's", async () => {
  const fixture = await createTenantFixture(base.db);
  const { revocation_id, epoch } = await revoke(fixture);
  const { revocation_id: utilitys } = await setKillSwitch(fixture.ctx, { level: "all", reason: "x" });
  await node("nod_here", epoch + 1_000n, 60);
  await node("nod_island", epoch + 1_000n, 60);
  await settleRevocations(fixture.ctx);
  const proofs = async (partnerIds: string[]) => {
    const ctx = contextWith(fixture, ["audit:read"], { actor: { kind: "user", id: "usr_p" }, partnerIds });
    return (await listAdminLog(ctx, { action: "revocation.in_force" })).items;
  };
  const own = await proofs([fixture.partner.partner_id]);
  expect(own).toMatchObject([{ target_id: revocation_id, detail: { target_id: fixture.tokenId, nodes: [{}, {}] } }]);
  const reader = contextWith(fixture, ["audit:read"], { actor: { kind: "user", id: "usr_p" }, partnerIds: [fixture.partner.partner_id] });
  expect(await getAuditEntry(reader, { entry_id: String(own[0]?.entry_id) })).toMatchObject({ entry: { target_id: revocation_id } });
  expect(await proofs(["par_other"])).toEqual([]);
  expect(await proofs([])).toEqual([]);
  const all = (await listAdminLog(contextWith(fixture, ["audit:read"]), { action: "revocation.in_force" })).items;
  expect(new Set(all.map((entry) => entry.target_id))).toEqual(new Set([revocation_id, utilitys]));
});

test("other tenants and other partners see nothing of it; what is the utility's alone is not shown to a partner", async () => {
  const [one, two] = [await createTenantFixture(base.db), await createTenantFixture(base.db)];
  const { revocation_id } = await revoke(one);
  await expect(getRevocation(two.ctx, { revocation_id })).rejects.toMatchObject({ code: "not-found" });
  expect((await listRevocations(two.ctx, {})).items).toEqual([]);
  const user = (partnerIds: string[]) => contextWith(one, ["tokens:read"], { actor: { kind: "user", id: "usr_p" }, partnerIds });
  await expect(getRevocation(user(["par_other"]), { revocation_id })).rejects.toMatchObject({ code: "not-found" });
  const own = user([one.partner.partner_id]);
  expect(await getRevocation(own, { revocation_id })).toMatchObject({ revocation_id });
  const { revocation_id: utilitys } = await setKillSwitch(one.ctx, { level: "all", reason: "x" });
  expect((await listRevocations(own, {})).items.map((item) => item.revocation_id)).toEqual([revocation_id]);
  await expect(getRevocation(own, { revocation_id: utilitys ?? "" })).rejects.toMatchObject({ code: "not-found" });
  await expect(getRevocation(contextWith(one, ["accesses:read"]), { revocation_id })).rejects.toMatchObject({ code: "forbidden" });
});
