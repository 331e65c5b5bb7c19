import { expect, test } from "vitest";
import { sendJson, startTestGateway, startUpstream } from "../testing/test-gateway.ts";
import { accessRow, grantRow, makeToken, policyRows, tokenRow } from "../testing/test-policy.ts";

const token = makeToken();
const good = '{"matricula":"1","status":"LIGADO"}';

function rows(sandbox: string, more: Parameters<typeof policyRows>[1] = {}) {
  return policyRows(
    { sandbox },
    { accesses: [accessRow()], tokens: [tokenRow(token)], grants: [grantRow("getProperty", { indirect: "full" })], ...more },
  );
}

test("a confidential token ends itself, and its record says so before it is refused", async () => {
  await using upstream = await startUpstream((_request, response) => sendJson(response, 200, good));
  await using gateway = await startTestGateway(rows(upstream.url));
  const other = await gateway.call("POST", "/v1/self/revoke", { token: makeToken() });
  const done = await gateway.call("POST", "/v1/self/revoke", { token });
  expect([other.status, done.status, done.json["state"]]).toEqual([401, 200, "revoked_on_this_node"]);
  const record = gateway.records.find((one) => one.clause === "node-revoked");
  expect(record).toMatchObject({ phase: "intent", route: "/v1/self/revoke", tokenId: tokenRow(token).token_id });
  const refused = await gateway.call("GET", "/v1/properties/1", { token });
  const unknown = await gateway.call("GET", "/v1/properties/1", { token: makeToken() });
  expect(refused.status).toBe(401);
  expect(Object.keys(refused.headers)).toEqual(Object.keys(unknown.headers));
  expect(Object.keys(refused.json)).toEqual(Object.keys(unknown.json));
});

test("a record that cannot be kept leaves the token as it was, so that it can be tried again", async () => {
  await using gateway = await startTestGateway(rows("http://127.0.0.1:1"));
  gateway.journal.full = true;
  expect((await gateway.call("POST", "/v1/self/revoke", { token })).status).toBe(503);
  gateway.journal.full = false;
  expect((await gateway.call("POST", "/v1/self/revoke", { token })).status).toBe(200);
});

test("a publishable token cannot end itself: the path is an unknown one for it", async () => {
  const origin = "https://portal.example";
  await using gateway = await startTestGateway(
    rows("http://127.0.0.1:1", { accesses: [accessRow({ kind: "publishable", origins: [origin] })] }),
  );
  const tried = await gateway.call("POST", "/v1/self/revoke", { token, headers: { origin } });
  const unknown = await gateway.call("POST", "/v1/self/nothing", { token, headers: { origin } });
  expect([tried.status, unknown.status]).toEqual([404, 404]);
  expect(Object.keys(tried.json)).toEqual(Object.keys(unknown.json));
  expect(gateway.records.some((one) => one.clause === "node-revoked")).toBe(false);
});

test("a call under way whose access is taken away gets nothing of the answer", async () => {
  const held = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  await using upstream = await startUpstream((_request, response) => {
    asked.resolve();
    void held.promise.then(() => sendJson(response, 200, good));
  });
  await using gateway = await startTestGateway(rows(upstream.url));
  const call = gateway.call("GET", "/v1/properties/1", { token });
  await asked.promise;
  gateway.use({ ...rows(upstream.url, { tokens: [tokenRow(token, { state: "ended" })] }), epoch: 2n });
  held.resolve();
  const answer = await call;
  expect(answer.status).toBe(401);
  expect(answer.headers["ratelimit"]).toBeUndefined();
  expect(answer.body).not.toContain("LIGADO");
  expect(gateway.records.at(-1)).toMatchObject({ status: 401, clause: "token-ended" });
});

test("a call under way whose token ends itself gets nothing of the answer", async () => {
  const held = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  await using upstream = await startUpstream((_request, response) => {
    asked.resolve();
    void held.promise.then(() => sendJson(response, 200, good));
  });
  await using gateway = await startTestGateway(rows(upstream.url));
  const call = gateway.call("GET", "/v1/properties/1", { token });
  await asked.promise;
  await gateway.call("POST", "/v1/self/revoke", { token });
  held.resolve();
  expect((await call).status).toBe(401);
  expect(gateway.records.at(-1)).toMatchObject({ status: 401, clause: "token-revoked-here" });
});
