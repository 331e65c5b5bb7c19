import { expect, test } from "vitest";
import { compile, refusalOf, testCall } from "../testing/test-call.ts";
import { accessRow, makeToken, now, pepper, policyRows, tokenRow } from "../testing/test-policy.ts";
import { authenticate } from "./authenticate.ts";
import { takeToken } from "./take-token.ts";

const token = makeToken();
const after = new Date(now.getTime() + 1);

async function verdict(row: Parameters<typeof tokenRow>[1], rows: Parameters<typeof policyRows>[1] = {}): Promise<string> {
  const snapshot = compile(policyRows({}, { tokens: [tokenRow(token, row)], ...rows }));
  return refusalOf(() => authenticate(testCall(), takeToken(`Bearer ${token}`, pepper), snapshot));
}

test("a live token passes until the millisecond it expires, a retiring one until its overlap ends", async () => {
  expect(await verdict({})).toBe("passed");
  expect(await verdict({ expires_at: after })).toBe("passed");
  expect(await verdict({ expires_at: now })).toBe("unauthorized token-expired");
  expect(await verdict({ state: "retiring", retiring_until: after })).toBe("passed");
  expect(await verdict({ state: "retiring", retiring_until: now })).toBe("unauthorized token-retired");
  expect(await verdict({ state: "ended" })).toBe("unauthorized token-ended");
});

test("a token is worth what it stands on", async () => {
  const client = { tenant_id: "ten_a", client_id: "cli_a", partner_id: "par_a" };
  expect(await verdict({}, { clients: [{ ...client, state: "disabled" }] })).toBe("unauthorized client-disabled");
  expect(await verdict({}, { partners: [{ tenant_id: "ten_a", partner_id: "par_a", state: "revoked" }] })).toBe(
    "unauthorized partner-revoked",
  );
  expect(await verdict({}, { accesses: [accessRow({ state: "disabled" })] })).toBe("unauthorized access-disabled");
  expect(await verdict({}, { accesses: [accessRow({ expires_at: now })] })).toBe("unauthorized access-expired");
  expect(await verdict({}, { accesses: [accessRow({ mode: "live" })] })).toBe("unauthorized token-mode");
  expect(await verdict({}, { clients: [{ ...client, partner_id: "par_b", state: "active" }] })).toBe("unauthorized token-unknown");
});

test("a token of one tenant is nothing to another tenant's access of the same id", async () => {
  expect(await verdict({ tenant_id: "ten_b" })).toBe("unauthorized token-unknown");
});

test("a refused token that is recognised is known to the audit, and not as authenticated", async () => {
  const call = testCall();
  const snapshot = compile(policyRows({}, { tokens: [tokenRow(token, { state: "ended" })] }));
  await refusalOf(() => authenticate(call, takeToken(`Bearer ${token}`, pepper), snapshot));
  expect([call.seen.token?.access.accessId, call.seen.authenticated]).toEqual(["acc_a", undefined]);
});

test("a digest under the previous pepper is found", async () => {
  const snapshot = compile(policyRows({}, { tokens: [tokenRow(token)] }));
  const credential = takeToken(`Bearer ${token}`, { key: Buffer.alloc(32, 1), previous: pepper });
  expect(await refusalOf(() => authenticate(testCall(), credential, snapshot))).toBe("passed");
});

test("a kill switch of token, access or partner is the uniform 401, and another tenant's is nothing here", async () => {
  const on = (level: "token" | "access" | "partner", target_id: string, tenant_id = "ten_a") => ({
    switches: [{ tenant_id, level, target_id }],
  });
  const tokenId = tokenRow(token).token_id;
  expect(await verdict({}, on("token", tokenId))).toBe("unauthorized token-switched-off");
  expect(await verdict({}, on("access", "acc_a"))).toBe("unauthorized access-switched-off");
  expect(await verdict({}, on("partner", "par_a"))).toBe("unauthorized partner-switched-off");
  expect(await verdict({}, on("partner", "par_a", "ten_b"))).toBe("passed");
});
