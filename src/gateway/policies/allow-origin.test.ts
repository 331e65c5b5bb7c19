import { expect, test } from "vitest";
import { sendJson, startTestGateway, startUpstream } from "../testing/test-gateway.ts";
import { accessRow, makeToken, policyRows, tokenRow } from "../testing/test-policy.ts";

const origin = "https://app.example";

test("answers and refusals of a known token are for its registered origin alone, without credentials", async () => {
  await using upstream = await startUpstream((_request, response) => sendJson(response, 200, '{"locality_id":"7"}'));
  const token = makeToken();
  const rows = policyRows(
    { sandbox: upstream.url },
    { tokens: [tokenRow(token)], accesses: [accessRow({ kind: "publishable", origins: [origin] })] },
  );
  await using gateway = await startTestGateway(rows);
  for (const [path, from, status] of [
    ["/v1/localities/7", origin, 200],
    ["/v1/nothing", origin, 404],
    ["/v1/localities/7?x=1", origin, 422],
    ["/v1/localities/7", "https://evil.example", 403],
  ] as const) {
    const { headers, ...reply } = await gateway.call("GET", path, { token, headers: { origin: from } });
    expect(reply.status, path).toBe(status);
    expect(headers["access-control-allow-origin"], path).toBe(from === origin ? origin : undefined);
    expect(headers["vary"], path).toContain("origin");
    expect(headers["access-control-allow-credentials"]).toBeUndefined();
    if (from === origin) expect(headers["access-control-expose-headers"]).toContain("ratelimit, ratelimit-policy");
  }
});

test("a refused token's answer is for no page: every 401 is the same", async () => {
  const token = makeToken();
  const accesses = [accessRow({ kind: "publishable", origins: [origin] })];
  await using gateway = await startTestGateway(policyRows({}, { tokens: [tokenRow(token, { state: "ended" })], accesses }));
  const ended = await gateway.call("GET", "/v1/localities/7", { token, headers: { origin } });
  const unknown = await gateway.call("GET", "/v1/localities/7", { token: makeToken(), headers: { origin } });
  expect([ended.status, unknown.status]).toEqual([401, 401]);
  expect(Object.keys(ended.headers)).toEqual(Object.keys(unknown.headers));
  expect(ended.headers).not.toHaveProperty("access-control-allow-origin");
});
