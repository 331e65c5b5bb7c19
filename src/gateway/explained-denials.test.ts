import { expect, test } from "vitest";
import { createErrorProofs } from "../platform/error-proof.ts";
import { sendJson, startTestGateway, startUpstream } from "./testing/test-gateway.ts";
import { accessRow, licenseRow, makeToken, now, policyRows, subjectSecret, tokenRow } from "./testing/test-policy.ts";

const proofs = createErrorProofs(subjectSecret);

async function refused(rows: Parameters<typeof policyRows>[1], token = makeToken()) {
  await using upstream = await startUpstream((_request, response) => sendJson(response, 200, "{}"));
  await using gateway = await startTestGateway(policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)], ...rows }), {
    parts: { proofs },
  });
  return { reply: await gateway.call("GET", "/v1/properties/1", { token }), license: gateway.records[0]?.licenseId };
}

test.each([
  [{ licenses: [licenseRow({ ends_at: now })] }, "license-ended", /ended at 2026-11-24T12:00:00\.000Z\. A version with a later end/],
  [{ licenses: [licenseRow({ starts_at: new Date(now.getTime() + 1000) })] }, "license-not-started", /begins at 2026-11-24T12:00:01\.000Z/],
  [{ licenses: [licenseRow({ state: "suspended" })] }, "license-suspended", /when the utility resumes it/],
  [{ accesses: [accessRow({ cidrs: ["10.0.0.0/8"] })] }, "address", /Call from one of its networks/],
  [{ accesses: [accessRow({ origins: ["https://app.example"] })] }, "origin", /Call from one of them/],
] as const)("%#: a 403 names the license, its version, the clause and what would allow the call", async (rows, clause, says) => {
  const { reply, license } = await refused(rows as unknown as Parameters<typeof policyRows>[1]);
  expect(reply.status).toBe(403);
  expect(reply.json).toMatchObject({ code: "forbidden", clause, detail: expect.stringMatching(says) });
  expect(reply.json["detail"]).toMatch(new RegExp(`icense ${license}, version \\d`));
});

test("an error carries a proof of request id, status, code and clause; two 401s differ in id and proof alone", async () => {
  const { reply } = await refused({ licenses: [licenseRow({ ends_at: now })] });
  const { request_id: requestId, status, code, clause, proof } = reply.json as Record<string, string> & { status: number };
  const stated = { requestId: requestId ?? "", status, code: code ?? "", clause };
  expect(proofs.holds(stated, proof ?? "")).toBe(true);
  expect(proofs.holds({ ...stated, clause: "limit" }, proof ?? "")).toBe(false);
  const [first, second] = [await refused({ tokens: [] }), await refused({ tokens: [] })];
  const bare = (text: string) => text.replace(/"request_id":"[^"]+","proof":"[\w-]{22}"/, "");
  expect(bare(first.reply.body)).toBe(bare(second.reply.body));
  expect(first.reply.body.length).toBe(second.reply.body.length);
});
