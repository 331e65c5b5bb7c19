import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { auditCount, auditOf, contextWith, createTenantFixture } from "../../../test/helpers/tenant.ts";
import { platformTx } from "../../db/tx.ts";
import { parseToken } from "../../contract/token-format.ts";
import type { Token } from "../../contract/token.ts";
import type { ActionContext } from "../context.ts";
import { tokenDigest } from "../../platform/token-digest.ts";
import { createToken } from "./create.ts";
import { endRetiredTokens } from "./end-retired.ts";
import { listTokens } from "./list.ts";
import { regenerateToken } from "./regenerate.ts";
import { revokeToken } from "./revoke.ts";

let base: TestDatabase;
beforeAll(async () => {
  base = await createTestDatabase();
});
afterAll(() => base[Symbol.asyncDispose]());

async function tokensOf(ctx: ActionContext, accessId: string): Promise<Token[]> {
  return (await listTokens(ctx, { access_id: accessId, limit: 200 })).items;
}

function states(tokens: readonly Token[]) {
  const count = (state: Token["state"]) => tokens.filter((token) => token.state === state).length;
  return { live: count("live"), retiring: count("retiring"), ended: count("ended") };
}

describe("create", () => {
  test("a token is well formed, stored as digest alone, and audited without its text", async () => {
    const { ctx, token, tokenId, keyring } = await createTenantFixture(base.db);
    expect(parseToken(token)).toEqual({ mode: "live" });
    const { rows } = await platformTx(base.db, (tx) =>
      sql<{ row: string }>`SELECT t::text AS row FROM token t WHERE token_id = ${tokenId}`.execute(tx),
    );
    expect(rows[0]?.row).toContain(tokenDigest(keyring.pepper.key, token).toString("hex"));
    expect(rows[0]?.row).not.toContain(token.slice(8, -4));
    const audit = await auditOf(base.db, ctx.tenantId, tokenId);
    expect(audit.map((entry) => entry.action)).toEqual(["token.create"]);
    expect(JSON.stringify(audit)).not.toContain(token);
  });

  test("an access has one live token: a second create is a conflict and changes nothing", async () => {
    const { ctx, access } = await createTenantFixture(base.db);
    const before = await auditCount(base.db, ctx.tenantId);
    await expect(createToken(ctx, { access_id: access.access_id })).rejects.toMatchObject({ code: "conflict" });
    expect(states(await tokensOf(ctx, access.access_id))).toEqual({ live: 1, retiring: 0, ended: 0 });
    expect(await auditCount(base.db, ctx.tenantId)).toBe(before);
  });

  test("of concurrent creates exactly one wins", async () => {
    const { ctx, access, tokenId } = await createTenantFixture(base.db);
    await revokeToken(ctx, { token_id: tokenId, reason: "test" });
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => createToken(ctx, { access_id: access.access_id })));
    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
    for (const refused of results.filter((result) => result.status === "rejected"))
      expect(refused.reason).toMatchObject({ code: "conflict" });
  });

  test("another tenant's access is not found", async () => {
    const [one, two] = [await createTenantFixture(base.db), await createTenantFixture(base.db)];
    await expect(createToken(one.ctx, { access_id: two.access.access_id })).rejects.toMatchObject({ code: "not-found" });
  });
});

describe("regenerate", () => {
  test("with an overlap the token before retires until then; its successor is live", async () => {
    const { ctx, access, tokenId } = await createTenantFixture(base.db);
    const made = await regenerateToken(ctx, { access_id: access.access_id, overlap: "1h" });
    const tokens = await tokensOf(ctx, access.access_id);
    expect(tokens.find((token) => token.token_id === made.token_id)?.state).toBe("live");
    expect(tokens.find((token) => token.token_id === tokenId)).toMatchObject({ state: "retiring", retiring_until: made.retiring_until });
    expect(Date.parse(made.retiring_until ?? "") - Date.now()).toBeLessThanOrEqual(3_600_000);
    expect(await auditOf(base.db, ctx.tenantId, made.token_id)).toMatchObject([
      { action: "token.regenerate", detail: { replaced: tokenId, ended: [], retiring_until: made.retiring_until } },
    ]);
  });

  test("with overlap 0 the token before ends at once", async () => {
    const { ctx, access, tokenId } = await createTenantFixture(base.db);
    const made = await regenerateToken(ctx, { access_id: access.access_id, overlap: "0" });
    expect(made.retiring_until).toBeNull();
    const old = (await tokensOf(ctx, access.access_id)).find((token) => token.token_id === tokenId);
    expect(old).toMatchObject({ state: "ended", ended_reason: "regenerated", retiring_until: null });
  });

  test("during an overlap the older retiring token ends", async () => {
    const { ctx, access, tokenId } = await createTenantFixture(base.db);
    const second = await regenerateToken(ctx, { access_id: access.access_id, overlap: "24h" });
    await regenerateToken(ctx, { access_id: access.access_id, overlap: "15m" });
    const tokens = await tokensOf(ctx, access.access_id);
    expect(states(tokens)).toEqual({ live: 1, retiring: 1, ended: 1 });
    expect(tokens.find((token) => token.state === "ended")?.token_id).toBe(tokenId);
    expect(tokens.find((token) => token.state === "retiring")?.token_id).toBe(second.token_id);
  });

  test("an overlap is cut to the license's end", async () => {
    const ends = new Date(Date.now() + 3_600_000).toISOString();
    const { ctx, access } = await createTenantFixture(base.db, { license: { ends_at: ends } });
    const made = await regenerateToken(ctx, { access_id: access.access_id, overlap: "24h" });
    expect(made.retiring_until).toBe(ends);
  });

  test("concurrent calls leave one live and one retiring token, and every other ended", async () => {
    const { ctx, access } = await createTenantFixture(base.db);
    const calls = Array.from({ length: 8 }, () => regenerateToken(ctx, { access_id: access.access_id, overlap: "1h" }));
    const made = await Promise.all(calls);
    expect(new Set(made.map((one) => one.token)).size).toBe(8);
    expect(states(await tokensOf(ctx, access.access_id))).toEqual({ live: 1, retiring: 1, ended: 7 });
  });

  test("without a live token it is a conflict", async () => {
    const { ctx, access, tokenId } = await createTenantFixture(base.db);
    await revokeToken(ctx, { token_id: tokenId, reason: "lost" });
    await expect(regenerateToken(ctx, { access_id: access.access_id, overlap: "0" })).rejects.toMatchObject({ code: "conflict" });
  });

  test("the epoch told is the one that the change published", async () => {
    const { ctx, access } = await createTenantFixture(base.db);
    const { epoch } = await regenerateToken(ctx, { access_id: access.access_id, overlap: "0" });
    const { rows } = await base.pool.query<{ epoch: bigint }>("SELECT epoch FROM policy_epoch");
    expect(rows[0]?.epoch).toBe(epoch);
  });
});

describe("revoke", () => {
  test("it is final and tells the first end again, with one audit entry", async () => {
    const { ctx, tokenId } = await createTenantFixture(base.db);
    const first = await revokeToken(ctx, { token_id: tokenId, reason: "leaked" });
    const second = await revokeToken(ctx, { token_id: tokenId, reason: "again" });
    expect(second).toMatchObject({ ended_at: first.ended_at, ended_reason: "leaked" });
    expect((await auditOf(base.db, ctx.tenantId, tokenId)).map((entry) => entry.action)).toEqual(["token.create", "token.revoke"]);
  });

  test("a retiring token can be revoked without touching the live one", async () => {
    const { ctx, access, tokenId } = await createTenantFixture(base.db);
    await regenerateToken(ctx, { access_id: access.access_id, overlap: "1h" });
    await revokeToken(ctx, { token_id: tokenId, reason: "leaked" });
    expect(states(await tokensOf(ctx, access.access_id))).toEqual({ live: 1, retiring: 0, ended: 1 });
  });

  test("another tenant's token is not found and stays live", async () => {
    const [one, two] = [await createTenantFixture(base.db), await createTenantFixture(base.db)];
    await expect(revokeToken(one.ctx, { token_id: two.tokenId, reason: "x" })).rejects.toMatchObject({ code: "not-found" });
    expect(states(await tokensOf(two.ctx, two.access.access_id)).live).toBe(1);
  });
});

test("retiring tokens end when their overlap is over, as the system's deed, and nothing is published when none is due", async () => {
  const fixture = await createTenantFixture(base.db);
  const { ctx, access, tokenId } = fixture;
  await regenerateToken(ctx, { access_id: access.access_id, overlap: "15m" });
  const epochOf = async () => (await base.pool.query<{ epoch: bigint }>("SELECT epoch FROM policy_epoch")).rows[0]?.epoch;
  const before = await epochOf();
  await endRetiredTokens(ctx);
  expect(await epochOf()).toBe(before);
  const later = { now: () => new Date(Date.now() + 16 * 60_000), monotonicMs: () => 0 };
  expect(await endRetiredTokens({ ...ctx, clock: later })).toBeGreaterThanOrEqual(1);
  const old = (await tokensOf(ctx, access.access_id)).find((token) => token.token_id === tokenId);
  expect(old).toMatchObject({ state: "ended", ended_reason: "overlap over" });
  expect((await auditOf(base.db, ctx.tenantId, tokenId)).at(-1)).toMatchObject({ action: "token.end", actor_kind: "system" });
});

test("a key without tokens:write changes nothing", async () => {
  const fixture = await createTenantFixture(base.db);
  const reader = contextWith(fixture, ["tokens:read", "accesses:write"]);
  const before = await auditCount(base.db, fixture.tenantId);
  await expect(createToken(reader, { access_id: fixture.access.access_id })).rejects.toMatchObject({ code: "forbidden" });
  await expect(regenerateToken(reader, { access_id: fixture.access.access_id, overlap: "0" })).rejects.toMatchObject({ code: "forbidden" });
  await expect(revokeToken(reader, { token_id: fixture.tokenId, reason: "x" })).rejects.toMatchObject({ code: "forbidden" });
  await expect(endRetiredTokens(reader)).rejects.toMatchObject({ code: "forbidden" });
  expect(await auditCount(base.db, fixture.tenantId)).toBe(before);
});
