import { expect, test } from "vitest";
import { createObjectWatch } from "../limits/object-watch.ts";
import { startTestGateway, startUpstream, sendJson } from "../testing/test-gateway.ts";
import { licenseRow, makeToken, policyRows, tokenRow } from "../testing/test-policy.ts";

test("asking for one property after the other raises the suspicion, whether they are there or not, and names none of them", async () => {
  const token = makeToken();
  const raised: unknown[] = [];
  const objectWatch = createObjectWatch({ suspectAbove: 10, signals: { raise: (kind, about) => raised.push([kind, about]) } });
  await using upstream = await startUpstream((_request, response) => sendJson(response, 404, "{}"));
  const rows = policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)], licenses: [licenseRow({ burst: 100 })] });
  await using gateway = await startTestGateway(rows, { parts: { objectWatch } });
  for (let i = 0; i < 20; i += 1) await gateway.call("GET", "/v1/properties/1234567", { token });
  expect(raised).toEqual([]);
  for (let i = 1; i < 20; i += 1) await gateway.call("GET", `/v1/properties/${i}`, { token });
  expect(raised).toEqual([["enumeration-suspected", { tenantId: "ten_a", accessId: "acc_a", count: 10 }]]);
});

test("operations that name no property are not counted", async () => {
  const token = makeToken();
  const raised: unknown[] = [];
  const objectWatch = createObjectWatch({ suspectAbove: 1, signals: { raise: (kind) => raised.push(kind) } });
  await using upstream = await startUpstream((_request, response) => sendJson(response, 200, '{"locality_id":"7"}'));
  await using gateway = await startTestGateway(policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)] }), {
    parts: { objectWatch },
  });
  for (let i = 1; i < 9; i += 1) expect((await gateway.call("GET", `/v1/localities/${i}`, { token })).status).toBe(200);
  expect([raised, objectWatch.size()]).toEqual([[], 0]);
});
