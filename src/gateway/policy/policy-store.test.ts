import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { accessRow, keys, licenseRow, makeToken, policyRows, tokenRow } from "../testing/test-policy.ts";
import { createContractCache } from "./contract-cache.ts";
import { changeOf, type PolicyChange } from "./policy-rows.ts";
import { PolicyStore } from "./policy-store.ts";
import type { Snapshot } from "./snapshot.ts";

function bed() {
  const store = new PolicyStore({
    keys,
    contracts: createContractCache(),
    onFault(_serviceId, error) {
      throw error;
    },
  });
  let rests = 0;
  function apply(change: PolicyChange): Snapshot {
    const steps = store.apply(change);
    for (rests = 0; ; rests += 1) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }
  return { store, apply, rests: () => rests };
}

const text = makeToken();
const row = tokenRow(text);
const digest = row.digest.toString("latin1");
const whole = changeOf(policyRows({}, { tokens: [row] }));
const nothing = { clients: [], accesses: [], tokens: [] };

test("a change brings what it names and leaves the rest", () => {
  const { apply } = bed();
  const first = apply(whole);
  expect(first.tokens.get(digest)).toMatchObject({
    state: "live",
    access: { accessId: "acc_a", clientId: "cli_a", license: { licenseId: "lic_a" } },
  });
  const second = apply({ epoch: 2n, ...nothing, tokens: [{ ...row, state: "ended" }] });
  expect(second.epoch).toBe(2n);
  expect(second.tokens.get(digest)).toMatchObject({ state: "ended", access: { states: { access: "active", partner: "active" } } });
  expect(second.routes).toBe(first.routes);
  const third = apply({ epoch: 3n, ...nothing, partners: [{ tenant_id: "ten_a", partner_id: "par_a", state: "disabled" }] });
  expect(third.tokens.get(digest)).toMatchObject({ state: "ended", access: { states: { partner: "disabled" } } });
  const fourth = apply({ epoch: 4n, ...nothing, accesses: [accessRow({ state: "revoked", cidrs: ["10.0.0.0/8"] })] });
  expect(fourth.tokens.get(digest)?.access.states).toEqual({ access: "revoked", client: "active", partner: "disabled" });
  expect(fourth.tokens.get(digest)?.access.allowsAddress("11.0.0.1")).toBe(false);
});

test("what a snapshot gave out is not changed by a later change", () => {
  const { apply } = bed();
  const given = apply(whole).tokens.get(digest);
  apply({ epoch: 2n, ...nothing, tokens: [{ ...row, state: "ended" }], accesses: [accessRow({ state: "revoked" })] });
  expect(given).toMatchObject({ state: "live", access: { states: { access: "active" } } });
});

test("a license that changes is the new one for tokens that did not", () => {
  const { apply } = bed();
  apply(whole);
  const { licensing } = whole;
  if (licensing === undefined) throw new Error("the change brings licenses");
  const next = apply({
    epoch: 2n,
    ...nothing,
    licensing: { ...licensing, licenses: [licenseRow({ version: 4, state: "suspended" })], grants: [] },
  });
  expect(next.tokens.get(digest)?.access.license).toMatchObject({ version: 4, state: "suspended" });
  expect(next.tokens.get(digest)?.access.license.grants.size).toBe(0);
  const gone = apply({ epoch: 3n, ...nothing, licensing: { ...licensing, licenses: [] } });
  expect(gone.tokens.get(digest)).toBeUndefined();
});

test("a digest made anew is the only one that finds its token, and the token's end reaches it", () => {
  const { apply } = bed();
  apply(whole);
  const again = { ...row, digest: createHash("sha256").update("another pepper").digest() };
  const moved = apply({ epoch: 2n, ...nothing, tokens: [again] });
  expect(moved.tokens.get(digest)).toBeUndefined();
  expect(moved.tokens.get(again.digest.toString("latin1"))).toMatchObject({ tokenId: row.token_id, state: "live" });
  const ended = apply({ epoch: 3n, ...nothing, tokens: [{ ...again, state: "ended" }] });
  expect(ended.tokens.get(again.digest.toString("latin1"))?.state).toBe("ended");
  expect(ended.tokens.size).toBe(1);
});

test("kill switches come and go without any other table", () => {
  const { apply } = bed();
  apply(whole);
  const on = (level: "token" | "access" | "license" | "partner", target_id: string, epoch: bigint) =>
    apply({ epoch, ...nothing, switches: [{ tenant_id: "ten_a", level, target_id }] }).tokens.get(digest);
  expect(on("token", row.token_id, 2n)?.switchedOff).toBe(true);
  expect(on("access", "acc_a", 3n)?.access.states.access).toBe("switched-off");
  expect(on("partner", "par_a", 4n)?.access.states.partner).toBe("switched-off");
  expect(on("license", "lic_a", 5n)?.access.license.switchedOff).toBe(true);
  const off = apply({ epoch: 6n, ...nothing, switches: [] }).tokens.get(digest);
  expect(off).toMatchObject({
    switchedOff: false,
    access: { states: { access: "active", partner: "active" }, license: { switchedOff: false } },
  });
});

test("a change of up to 2,000 rows comes into use at once; a larger one may rest between rows", () => {
  const { apply, rests } = bed();
  apply(whole);
  const tokens = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ ...row, token_id: `tok_${at}`, digest: createHash("sha256").update(String(at)).digest() }));
  apply({ epoch: 2n, ...nothing, tokens: tokens(2_000) });
  expect(rests()).toBe(0);
  const many = apply({ epoch: 3n, ...nothing, tokens: tokens(4_001) });
  expect(rests()).toBe(2);
  expect(many.tokens.size).toBe(4_002);
});
