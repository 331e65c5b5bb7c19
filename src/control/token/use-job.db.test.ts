import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { contextWith, createTenantFixture, type TenantFixture } from "../../../test/helpers/tenant.ts";
import { platformTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import { seal } from "../../platform/seal.ts";
import { getToken } from "./get.ts";
import { listTokens } from "./list.ts";
import { gatherTokenUse } from "./use-job.ts";

let base: TestDatabase;
beforeAll(async () => {
  base = await createTestDatabase();
  await platformTx(base.db, (tx) => sql`SELECT aqueduto.ensure_access_partitions(now())`.execute(tx));
});
afterAll(() => base[Symbol.asyncDispose]());

const journals = new Map<string, number>();
const begun = Math.floor(Date.now() / 1000) * 1000 - 60_000;
const at = (second: number) => new Date(begun + second * 1000);

/** One shipped entry, as the journal shipper leaves it. */
async function call(
  fixture: TenantFixture,
  journal: string,
  of: { second: number; operation?: string; status?: number; address?: string; phase?: string },
) {
  const counter = (journals.get(journal) ?? 0) + 1;
  journals.set(journal, counter);
  const entryId = newId("aud");
  const ip = seal(fixture.keyring.data, of.address ?? "192.0.2.1", `access.ip:${entryId}`);
  const agent = seal(fixture.keyring.data, "agent/1", `access.agent:${entryId}`);
  await platformTx(base.db, async (tx) => {
    await sql`INSERT INTO journal (journal_id, node_id, opened_at) VALUES (${journal}, 'nod_x', now()) ON CONFLICT DO NOTHING`.execute(tx);
    await sql`INSERT INTO access_entry (journal_id, counter, at, entry_id, phase, tenant_id, access_id, token_id, operation_id, method, route, status, code, request_id, ip_sealed, agent_sealed)
      VALUES (${journal}, ${counter}, ${at(of.second)}, ${entryId}, ${of.phase ?? "answer"}, ${fixture.tenantId}, ${fixture.access.access_id}, ${fixture.tokenId},
              ${of.operation ?? null}, 'GET', '/x', ${of.status ?? 200}, 'ok', 'req_x', ${ip}, ${agent})`.execute(tx);
    await sql`UPDATE journal SET shipped_counter = ${counter} WHERE journal_id = ${journal}`.execute(tx);
  });
}

test("last use and use by operation are gathered once, from every journal, whichever comes first", async () => {
  const fixture = await createTenantFixture(base.db);
  const [one, two] = [newId("jrn"), newId("jrn")];
  await call(fixture, one, { second: 1, operation: "getProperty" });
  await call(fixture, one, { second: 9, operation: "getProperty", address: "192.0.2.9", status: 429 });
  await call(fixture, one, { second: 9, operation: "getProperty", phase: "completion" });
  await call(fixture, two, { second: 20, status: 404, address: "192.0.2.20" });
  expect(await gatherTokenUse(base.db)).toBe(4);
  await call(fixture, two, { second: 5, operation: "getProperty" });
  await Promise.all([gatherTokenUse(base.db), gatherTokenUse(base.db)]);
  await gatherTokenUse(base.db);
  const token = await getToken(fixture.ctx, { token_id: fixture.tokenId });
  expect(token.uses).toEqual([
    {
      at: at(20).toISOString(),
      operation_id: null,
      status: 404,
      address: "192.0.2.20",
      calls: 1,
      first_at: at(20).toISOString(),
      agent: "agent/1",
    },
    {
      at: at(9).toISOString(),
      operation_id: "getProperty",
      status: 429,
      address: "192.0.2.9",
      calls: 3,
      first_at: at(1).toISOString(),
      agent: "agent/1",
    },
  ]);
  expect(token.last_use).toEqual({ at: at(20).toISOString(), operation_id: null, status: 404, address: "192.0.2.20" });
  const { items } = await listTokens(fixture.ctx, {});
  expect(items[0]?.last_use).toEqual(token.last_use);
  expect(await gatherTokenUse(base.db)).toBe(0);
});

test("who may not see addresses sees times and operations alone", async () => {
  const fixture = await createTenantFixture(base.db);
  await call(fixture, newId("jrn"), { second: 1, operation: "getProperty" });
  await gatherTokenUse(base.db);
  const shownTo = async (scopes: Parameters<typeof contextWith>[1]) =>
    (await getToken(contextWith(fixture, scopes), { token_id: fixture.tokenId })).uses.map((use) => [
      use.operation_id,
      use.address,
      use.agent,
    ]);
  expect(await shownTo(["tokens:read"])).toEqual([["getProperty", null, null]]);
  expect(await shownTo(["tokens:read", "addresses:read"])).toEqual([["getProperty", "192.0.2.1", "agent/1"]]);
  const user = contextWith(fixture, ["tokens:read"], { actor: { kind: "user", id: "usr_p" }, partnerIds: ["par_other"] });
  await expect(getToken(user, { token_id: fixture.tokenId })).rejects.toMatchObject({ code: "not-found" });
  expect((await listTokens({ ...user, partnerIds: [] }, {})).items).toEqual([]);
});
