import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/helpers/database.ts";
import { auditCount, auditOf, contextWith, createTenantFixture, type TenantFixture } from "../../test/helpers/tenant.ts";
import { getAccess } from "./access/get.ts";
import { changeHolderState, type HolderChange } from "./change-holder-state.ts";
import type { ActionContext } from "./context.ts";
import { createPartner } from "./partner/create.ts";
import { createToken } from "./token/create.ts";
import { listTokens } from "./token/list.ts";
import { regenerateToken } from "./token/regenerate.ts";
import { revokeToken } from "./token/revoke.ts";

let base: TestDatabase;
beforeAll(async () => {
  base = await createTestDatabase();
});
afterAll(() => base[Symbol.asyncDispose]());

const kinds = ["partner", "client", "access"] as const;
const scopes = { partner: "partners:write", client: "clients:write", access: "accesses:write" } as const;

function idOf(fixture: TenantFixture, kind: (typeof kinds)[number]): string {
  return { partner: fixture.partner.partner_id, client: fixture.client.client_id, access: fixture.access.access_id }[kind];
}

function change(fixture: TenantFixture, kind: (typeof kinds)[number], to: HolderChange["to"], ctx: ActionContext = fixture.ctx) {
  return changeHolderState(ctx, { kind, id: idOf(fixture, kind), to, reason: "test" });
}

async function tokenStates(fixture: TenantFixture): Promise<string[]> {
  const { items } = await listTokens(fixture.ctx, { access_id: fixture.access.access_id });
  return items.map((token) => token.state).toSorted();
}

/** A partner's own user, as sign-in makes them. */
function partnerUser(fixture: TenantFixture, partnerIds: string[]): ActionContext {
  return contextWith(fixture, ["clients:write", "accesses:write", "tokens:write", "accesses:read"], {
    actor: { kind: "user", id: "usr_partner" },
    partnerIds,
  });
}

describe.each(kinds)("%s", (kind) => {
  test("disable and enable are audited, tokens stay, and doing it twice changes nothing", async () => {
    const fixture = await createTenantFixture(base.db);
    const off = await change(fixture, kind, "disabled");
    expect(off).toMatchObject({ ended_tokens: 0, revocation_id: expect.stringMatching(/^rev_/) });
    const count = await auditCount(base.db, fixture.tenantId);
    expect(await change(fixture, kind, "disabled")).toEqual({ ended_tokens: 0, epoch: expect.any(BigInt) });
    expect(await auditCount(base.db, fixture.tenantId)).toBe(count);
    const on = await change(fixture, kind, "active");
    expect(on.revocation_id).toBeUndefined();
    expect(on.epoch).toBeGreaterThan(off.epoch);
    expect(await tokenStates(fixture)).toEqual(["live"]);
    const actions = (await auditOf(base.db, fixture.tenantId, idOf(fixture, kind))).map((entry) => entry.action);
    expect(actions.slice(-2)).toEqual([`${kind}.disable`, `${kind}.enable`]);
  });

  test("revoke ends live and retiring tokens in the same transaction, and is final", async () => {
    const fixture = await createTenantFixture(base.db);
    await regenerateToken(fixture.ctx, { access_id: fixture.access.access_id, overlap: "1h" });
    expect(await tokenStates(fixture)).toEqual(["live", "retiring"]);
    const done = await change(fixture, kind, "revoked");
    expect(done).toMatchObject({ ended_tokens: 2, revocation_id: expect.stringMatching(/^rev_/) });
    expect(await tokenStates(fixture)).toEqual(["ended", "ended"]);
    await expect(change(fixture, kind, "active")).rejects.toMatchObject({ code: "conflict" });
    await expect(change(fixture, kind, "disabled")).rejects.toMatchObject({ code: "conflict" });
    expect((await change(fixture, kind, "revoked")).revocation_id).toBeUndefined();
    await expect(createToken(fixture.ctx, { access_id: fixture.access.access_id })).rejects.toMatchObject({ code: "conflict" });
    const [entry] = (await auditOf(base.db, fixture.tenantId, idOf(fixture, kind))).slice(-1);
    expect(entry).toMatchObject({ action: `${kind}.revoke`, detail: { reason: "test", ended_tokens: 2 } });
  });

  test("another tenant's is not found and stays as it is", async () => {
    const [one, two] = [await createTenantFixture(base.db), await createTenantFixture(base.db)];
    const counts = await Promise.all([one, two].map((of) => auditCount(base.db, of.tenantId)));
    await expect(change(two, kind, "revoked", one.ctx)).rejects.toMatchObject({ code: "not-found" });
    expect(await tokenStates(two)).toEqual(["live"]);
    expect(await Promise.all([one, two].map((of) => auditCount(base.db, of.tenantId)))).toEqual(counts);
  });

  test("a key without the scope changes nothing", async () => {
    const fixture = await createTenantFixture(base.db);
    const others = Object.values(scopes).filter((scope) => scope !== scopes[kind]);
    const count = await auditCount(base.db, fixture.tenantId);
    await expect(change(fixture, kind, "revoked", contextWith(fixture, others))).rejects.toMatchObject({ code: "forbidden" });
    expect(await auditCount(base.db, fixture.tenantId)).toBe(count);
  });

  test("revoke and create at once: no token outlives the revocation", async () => {
    const fixture = await createTenantFixture(base.db);
    await revokeToken(fixture.ctx, { token_id: fixture.tokenId, reason: "test" });
    await Promise.allSettled([
      createToken(fixture.ctx, { access_id: fixture.access.access_id }),
      change(fixture, kind, "revoked"),
      createToken(fixture.ctx, { access_id: fixture.access.access_id }),
    ]);
    expect(new Set(await tokenStates(fixture))).toEqual(new Set(["ended"]));
  });
});

describe("a partner's own user", () => {
  test("disables and enables its own access, and cannot enable what the utility disabled", async () => {
    const fixture = await createTenantFixture(base.db);
    const user = partnerUser(fixture, [fixture.partner.partner_id]);
    await change(fixture, "access", "disabled", user);
    expect(await getAccess(fixture.ctx, { access_id: fixture.access.access_id })).toMatchObject({
      state: "disabled",
      disabled_by: "partner",
    });
    await change(fixture, "access", "active", user);
    await change(fixture, "access", "disabled", user);
    await change(fixture, "access", "disabled");
    expect(await getAccess(fixture.ctx, { access_id: fixture.access.access_id })).toMatchObject({ disabled_by: "utility" });
    await expect(change(fixture, "access", "active", user)).rejects.toMatchObject({ code: "forbidden" });
    await change(fixture, "access", "active");
    expect(await getAccess(fixture.ctx, { access_id: fixture.access.access_id })).toMatchObject({ state: "active", disabled_by: null });
  });

  test("of another partner, or of none, finds nothing", async () => {
    const fixture = await createTenantFixture(base.db);
    const other = await createPartner(fixture.ctx, { name: "other" });
    for (const partnerIds of [[other.partner_id], []]) {
      const user = partnerUser(fixture, partnerIds);
      for (const kind of ["client", "access"] as const)
        await expect(change(fixture, kind, "revoked", user)).rejects.toMatchObject({ code: "not-found" });
    }
    expect(await tokenStates(fixture)).toEqual(["live"]);
  });
});
