import { verifyClaims } from "../platform/signed-claims.ts";
import { expect, test } from "vitest";
import { createOpaqueRefs } from "./projection/opaque-ref.ts";
import { sendJson, startTestGateway, startUpstream, type Received, type Reply } from "./testing/test-gateway.ts";
import {
  accessRow,
  credential,
  dataKey,
  grantRow,
  identityKey,
  licenseRow,
  makeToken,
  now,
  policyRows,
  tokenRow,
} from "./testing/test-policy.ts";
import type { ServerResponse } from "node:http";

const answer =
  '{"matricula":"1234567","status":"LIGADO","name":"Maria da Silva","document":"12345678909","amount":10.50,"religion":"x","extra":1}';

function property(_request: Received, response: ServerResponse): void {
  sendJson(response, 200, answer);
}

test("a licensed call answers 200 with what the license shows, and the platform's headers", async () => {
  const token = makeToken();
  await using upstream = await startUpstream(property);
  await using gateway = await startTestGateway(policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)] }));
  const reply = await gateway.call("GET", "/v1/properties/1234567?limit=5", { token });
  expect(reply.body).toBe('{"matricula":"1234567","status":"LIGADO","name":"M. D. S.","document":"***.456.789-**"}');
  expect(reply.status).toBe(200);
  expect(reply.headers).toMatchObject({
    "content-type": "application/json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "ratelimit-policy": '"license";q=50;w=5',
    ratelimit: '"license";r=49;t=1',
  });
  expect(reply.headers["x-request-id"]).toMatch(/^req_/);
  expect(gateway.records).toHaveLength(1);
  expect(gateway.records[0]).toMatchObject({
    id: reply.headers["audit-entry"],
    phase: "answer",
    tenantId: "ten_a",
    licenseId: "lic_a",
    licenseVersion: 3,
    accessId: "acc_a",
    operationId: "getProperty",
    route: "/v1/properties/{ref}",
    status: 200,
    code: "ok",
    requestId: reply.headers["x-request-id"],
    bytes: reply.body.length,
  });
});

test("the upstream gets the service credential, a signed identity and nothing of the caller's headers", async () => {
  const token = makeToken();
  await using upstream = await startUpstream(property);
  await using gateway = await startTestGateway(policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)] }));
  const reply = await gateway.call("GET", "/v1/properties/1234567?limit=5", {
    token,
    headers: {
      "x-request-id": "mine",
      "aqueduto-identity": "forged",
      cookie: "session=1",
      "x-forwarded-for": "1.2.3.4",
      "x-forwarded-host": "evil.example",
      forwarded: "for=1.2.3.4",
      connection: "aqueduto-identity, authorization, forwarded, x-request-id",
      "x-custom": "1",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    },
  });
  expect(reply.status).toBe(200);
  const [seen] = upstream.received;
  expect(seen?.url).toBe("/v1/properties/1234567?limit=5");
  expect(Object.keys(seen?.headers ?? {}).sort()).toEqual([
    "accept",
    "aqueduto-deadline-ms",
    "aqueduto-identity",
    "authorization",
    "forwarded",
    "host",
    "traceparent",
    "x-forwarded-for",
    "x-request-id",
  ]);
  expect([seen?.headers["x-forwarded-for"], seen?.headers.forwarded]).toEqual(["127.0.0.1", "for=127.0.0.1"]);
  expect(seen?.headers.authorization).toBe(`Bearer ${credential}`);
  expect(seen?.headers["x-request-id"]).toBe(reply.headers["x-request-id"]);
  expect(seen?.headers["traceparent"]).not.toContain("0af7651916cd43dd8448eb211c80319c");
  const identity = verifyClaims(identityKey, String(seen?.headers["aqueduto-identity"]), now.getTime() / 1000);
  expect(identity).toMatchObject({
    tenant: "ten_a",
    partner: "par_a",
    license: "lic_a",
    license_version: 3,
    access: "acc_a",
    operation: "getProperty",
  });
  expect(identity?.exp).toBe(now.getTime() / 1000 + 30);
});

test("missing, malformed, unknown, expired, retired and ended tokens get the same 401 but for ids", async () => {
  const [ended, expired, retired, disabled] = [makeToken(), makeToken(), makeToken(), makeToken()] as const;
  await using upstream = await startUpstream(property);
  const rows = policyRows(
    { sandbox: upstream.url },
    {
      accesses: [accessRow(), accessRow({ access_id: "acc_b", client_id: "cli_b", state: "disabled" })],
      clients: ["cli_a", "cli_b"].map((client_id) => ({ tenant_id: "ten_a", client_id, partner_id: "par_a", state: "active" as const })),
      tokens: [
        tokenRow(ended, { state: "ended" }),
        tokenRow(expired, { expires_at: now }),
        tokenRow(retired, { state: "retiring", retiring_until: now }),
        tokenRow(disabled, { access_id: "acc_b" }),
      ],
    },
  );
  await using gateway = await startTestGateway(rows);
  const authorizations = [
    undefined,
    "",
    "Bearer",
    "Basic dTpw",
    `Bearer ${makeToken()}`,
    `Bearer ${ended}`,
    `Bearer ${expired}`,
    `Bearer ${retired}`,
    `Bearer ${disabled}`,
  ];
  const replies: Reply[] = [];
  for (const authorization of authorizations) {
    replies.push(await gateway.call("GET", "/v1/properties/1234567", authorization === undefined ? {} : { headers: { authorization } }));
  }
  expect(replies.map(anonymous)).toEqual(replies.map(() => anonymous(replies[0])));
  expect(replies[0]?.status).toBe(401);
  expect(replies[0]?.headers["www-authenticate"]).toBe("Bearer");
  expect(gateway.records.map((record) => record.clause)).toEqual([
    "token-missing",
    "token-missing",
    "token-malformed",
    "token-malformed",
    "token-unknown",
    "token-ended",
    "token-expired",
    "token-retired",
    "access-disabled",
  ]);
  expect(upstream.received).toHaveLength(0);
});

/** What two answers of one kind must share: everything but ids and time. */
function anonymous(reply: Reply | undefined): unknown {
  const headers = { ...reply?.headers, date: "", "x-request-id": "", "audit-entry": "" };
  return { status: reply?.status, headers, body: reply?.body.replaceAll(/req_[0-9a-z]{26}/g, "") };
}

test("an unknown route, an unlicensed operation, a foreign reference and an unknown object get the same 404 but for ids and budget", async () => {
  const token = makeToken();
  await using upstream = await startUpstream((_request, response) => sendJson(response, 404, '{"detail":"imóvel inexistente"}'));
  const rows = policyRows(
    { sandbox: upstream.url },
    { tokens: [tokenRow(token)], grants: [grantRow("getProperty", { indirect: "masked" })] },
  );
  await using gateway = await startTestGateway(rows);
  const refs = createOpaqueRefs(dataKey.key, "ten_a", "lic_a");
  const foreign = createOpaqueRefs(dataKey.key, "ten_a", "lic_b").hide("imovel", "1234567");
  const paths = [
    "/v1/nothing",
    "/v1/secrets",
    `/v1/properties/${foreign}`,
    "/v1/properties/1234567",
    `/v1/properties/${refs.hide("imovel", "9")}`,
  ];
  const replies: Reply[] = [];
  for (const path of paths) {
    replies.push(await gateway.call("GET", path, { token }));
    gateway.clock.advance(10_000);
  }
  expect(replies.map(anonymous)).toEqual(replies.map(() => anonymous(replies[0])));
  expect(replies[0]?.status).toBe(404);
  expect(gateway.records.map((record) => [record.clause, record.route])).toEqual([
    ["route-unknown", "*"],
    ["operation-not-licensed", "/v1/secrets"],
    ["opaque-reference", "/v1/properties/{ref}"],
    ["opaque-reference", "/v1/properties/{ref}"],
    ["object-unknown", "/v1/properties/{ref}"],
  ]);
  expect(upstream.received.map((request) => request.url)).toEqual(["/v1/properties/9"]);
});

test("a license that sees references only sends and gets them, and the object behind is the same", async () => {
  const token = makeToken();
  await using upstream = await startUpstream((request, response) =>
    request.method === "POST" ? sendJson(response, 201, '{"property":"1234567","protocol":"P1"}') : sendJson(response, 200, answer),
  );
  const grants = [grantRow("getProperty", { indirect: "masked" }), grantRow("createRequest", { indirect: "masked" })];
  await using gateway = await startTestGateway(policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)], grants }));
  const ref = createOpaqueRefs(dataKey.key, "ten_a", "lic_a").hide("imovel", "1234567");
  const shown = await gateway.call("GET", `/v1/properties/${ref}`, { token });
  expect(shown.json).toEqual({ matricula: ref, status: "LIGADO" });
  const made = await gateway.call("POST", "/v1/requests", { token, body: JSON.stringify({ property: ref, amount: 1 }) });
  expect(made.json).toEqual({ property: ref, protocol: "P1" });
  expect(upstream.received.map(({ url, body }) => [url, body])).toEqual([
    ["/v1/properties/1234567", ""],
    ["/v1/requests", '{"property":"1234567","amount":1}'],
  ]);
  const clear = await gateway.call("POST", "/v1/requests", { token, body: '{"property":"1234567"}' });
  expect([clear.status, clear.json["pointer"]]).toEqual([422, "/body/property"]);
});

test("over the limit is 429 with Retry-After, and the call is let through when it says so", async () => {
  const token = makeToken();
  await using upstream = await startUpstream(property);
  const licenses = [licenseRow({ rate_per_second: "0.500", burst: 2 })];
  await using gateway = await startTestGateway(policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)], licenses }));
  const call = () => gateway.call("GET", "/v1/properties/1234567", { token });
  expect([(await call()).status, (await call()).status]).toEqual([200, 200]);
  const refused = await call();
  expect(refused.status).toBe(429);
  expect(refused.headers).toMatchObject({ "retry-after": "2", "ratelimit-policy": '"license";q=2;w=4', ratelimit: '"license";r=0;t=2' });
  expect(refused.json).toMatchObject({ type: "urn:aqueduto:problem:too-many-requests", code: "too-many-requests", clause: "limit" });
  gateway.clock.advance(1_999);
  expect((await call()).status).toBe(429);
  gateway.clock.advance(1);
  expect((await call()).status).toBe(200);
  expect(upstream.received).toHaveLength(3);
});

test("looking for operations costs the same budget as calling them", async () => {
  const token = makeToken();
  await using upstream = await startUpstream(property);
  await using gateway = await startTestGateway(
    policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)], licenses: [licenseRow({ burst: 2 })] }),
  );
  await gateway.call("GET", "/v1/nothing", { token });
  await gateway.call("GET", "/v1/secrets", { token });
  expect((await gateway.call("GET", "/v1/properties/1234567", { token })).status).toBe(429);
});

test("a license out of force is 403 with its clause, by the clock of the call", async () => {
  const token = makeToken();
  await using upstream = await startUpstream(property);
  const rows = (license: Parameters<typeof licenseRow>[0]) =>
    policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)], licenses: [licenseRow(license)] });
  await using gateway = await startTestGateway(rows({ ends_at: new Date(now.getTime() + 1) }));
  const call = async () => {
    const { status, json, headers } = await gateway.call("GET", "/v1/properties/1234567", { token });
    return [status, json["clause"], headers["ratelimit"] !== undefined];
  };
  expect(await call()).toEqual([200, undefined, true]);
  gateway.clock.advance(1);
  expect(await call()).toEqual([403, "license-ended", true]);
  gateway.use(rows({ state: "suspended" }));
  expect(await call()).toEqual([403, "license-suspended", true]);
  gateway.use(rows({ state: "approved" }));
  expect(await call()).toEqual([403, "license-not-active", true]);
  gateway.use(rows({ starts_at: new Date(now.getTime() + 2) }));
  expect(await call()).toEqual([403, "license-not-started", true]);
});

test("an access bound to networks or origins is refused elsewhere with its clause, before it costs budget", async () => {
  const token = makeToken();
  await using upstream = await startUpstream(property);
  const rows = (access: Parameters<typeof accessRow>[0]) =>
    policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)], accesses: [accessRow(access)] });
  await using gateway = await startTestGateway(rows({ cidrs: ["10.0.0.0/8"] }));
  const refused = await gateway.call("GET", "/v1/properties/1234567", { token });
  expect([refused.status, refused.json["clause"], refused.headers["ratelimit"]]).toEqual([403, "address", '"license";r=50;t=0']);
  gateway.use(rows({ cidrs: ["127.0.0.1/32", "::1/128"] }));
  expect((await gateway.call("GET", "/v1/properties/1234567", { token })).status).toBe(200);
  gateway.use(rows({ origins: ["https://app.example"] }));
  expect((await gateway.call("GET", "/v1/properties/1234567", { token })).json["clause"]).toBe("origin");
  const allowed = await gateway.call("GET", "/v1/properties/1234567", { token, headers: { origin: "https://app.example" } });
  expect([allowed.status, allowed.headers["access-control-allow-origin"]]).toEqual([200, "https://app.example"]);
});

test("a publishable access reaches only operations marked for it, and no token that a client made itself", async () => {
  const [token, own] = [makeToken("live"), "A".repeat(43)] as const;
  await using upstream = await startUpstream((_request, response) => sendJson(response, 200, '{"locality_id":"7"}'));
  const rows = (access: Parameters<typeof accessRow>[0]) =>
    policyRows({ live: upstream.url }, { tokens: [tokenRow(token), tokenRow(own)], accesses: [accessRow({ mode: "live", ...access })] });
  await using gateway = await startTestGateway(rows({ kind: "publishable", origins: ["https://app.example"] }));
  const headers = { origin: "https://app.example" };
  expect((await gateway.call("GET", "/v1/localities/7", { token, headers })).json).toEqual({ locality_id: "7" });
  expect((await gateway.call("GET", "/v1/properties/1234567", { token, headers })).status).toBe(404);
  expect((await gateway.call("GET", "/v1/localities/7", { token: own, headers })).status).toBe(401);
  gateway.use(rows({ kind: "publishable" }));
  expect((await gateway.call("GET", "/v1/localities/7", { token, headers })).json["clause"]).toBe("origin");
  gateway.use(rows({ kind: "confidential" }));
  expect((await gateway.call("GET", "/v1/localities/7", { token: own })).status).toBe(200);
});

test("a test access reaches the sandbox target alone, and a token of the other mode is none", async () => {
  const [testToken, liveToken] = [makeToken("test"), makeToken("live")] as const;
  await using live = await startUpstream(property);
  await using sandbox = await startUpstream(property);
  const tokens = [tokenRow(testToken), tokenRow(liveToken)];
  await using gateway = await startTestGateway(policyRows({ live: live.url, sandbox: sandbox.url }, { tokens }));
  expect((await gateway.call("GET", "/v1/properties/1234567", { token: testToken })).status).toBe(200);
  expect((await gateway.call("GET", "/v1/properties/1234567", { token: liveToken })).status).toBe(401);
  expect([live.received.length, sandbox.received.length]).toEqual([0, 1]);
  gateway.use(policyRows({ live: live.url }, { tokens }));
  const refused = await gateway.call("GET", "/v1/properties/1234567", { token: testToken });
  expect([refused.status, refused.json["detail"]]).toEqual([502, "The service has no sandbox target for test accesses."]);
});

test("an unsafe call has its intent record before the first byte goes upstream", async () => {
  const token = makeToken();
  const before: string[][] = [];
  await using upstream = await startUpstream((_request, response) => {
    before.push(gateway.records.map((record) => record.phase));
    sendJson(response, 201, '{"property":"1","protocol":"P1"}');
  });
  await using gateway = await startTestGateway(policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)] }));
  const made = await gateway.call("POST", "/v1/requests", { token, body: '{"property":"1"}' });
  expect([made.status, made.json]).toEqual([201, { property: "1", protocol: "P1" }]);
  expect(before).toEqual([["intent"]]);
  expect(gateway.records.map((record) => [record.phase, record.status])).toEqual([
    ["intent", 0],
    ["answer", 201],
  ]);
  expect(new Set(gateway.records.map((record) => record.requestId)).size).toBe(1);
});

test("a journal that refuses gives 503; nothing unsafe is forwarded, and nothing at all until it takes records again", async () => {
  const token = makeToken();
  await using upstream = await startUpstream(property);
  await using gateway = await startTestGateway(policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)] }));
  gateway.journal.full = true;
  const unsafe = await gateway.call("POST", "/v1/requests", { token, body: '{"property":"1"}' });
  expect([unsafe.status, unsafe.json["code"]]).toEqual([503, "audit-full"]);
  expect((await gateway.call("GET", "/v1/properties/1234567", { token })).status).toBe(503);
  expect((await gateway.call("GET", "/v1/properties/1234567")).status).toBe(503);
  expect(upstream.received).toHaveLength(0);
  gateway.journal.full = false;
  expect((await gateway.call("GET", "/v1/properties/1234567", { token })).status).toBe(200);
});

test("an answer about another object is dropped and audited", async () => {
  const token = makeToken();
  await using upstream = await startUpstream(property);
  await using gateway = await startTestGateway(policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)] }));
  const reply = await gateway.call("GET", "/v1/properties/7654321", { token });
  expect([reply.status, reply.json["code"]]).toEqual([502, "upstream-failed"]);
  expect(reply.body).not.toMatch(/Maria|1234567|LIGADO/);
  expect(gateway.records[0]?.clause).toBe("answer-mismatch");
});

test("what an upstream says in its refusals never reaches the caller", async () => {
  const token = makeToken();
  let status = 200;
  await using upstream = await startUpstream((_request, response) => {
    response
      .writeHead(status, { "content-type": "application/json", location: "http://internal/", "x-leak": "SQL" })
      .end('{"detail":"SQL at 10.0.0.9 for Maria"}');
  });
  await using gateway = await startTestGateway(policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)] }));
  const seen: [number, number][] = [];
  for (status of [301, 400, 401, 403, 404, 409, 410, 418, 422, 429, 500, 503, 504]) {
    const reply = await gateway.call("GET", "/v1/properties/1234567", { token });
    seen.push([status, reply.status]);
    expect(reply.body + JSON.stringify(reply.headers)).not.toMatch(/SQL|10\.0\.0\.9|Maria|internal\//);
  }
  expect(seen).toEqual([
    [301, 502],
    [400, 502],
    [401, 502],
    [403, 502],
    [404, 404],
    [409, 409],
    [410, 404],
    [418, 502],
    [422, 422],
    [429, 502],
    [500, 502],
    [503, 502],
    [504, 504],
  ]);
});

test("an upstream that is not JSON, too large, silent or gone is 502 or 504", async () => {
  const token = makeToken();
  const ways: ((response: ServerResponse) => void)[] = [
    (response) => response.writeHead(200, { "content-type": "text/html" }).end("<p>Maria</p>"),
    (response) => sendJson(response, 200, "{not json"),
    (response) => sendJson(response, 200, "[]"),
    (response) => response.writeHead(200, { "content-type": "application/json" }).end(Buffer.from([0x22, 0xe1, 0x22])),
    (response) => sendJson(response, 200, `{"matricula":"1234567","status":"${"x".repeat(200_000)}"}`),
    (response) => response.destroy(),
    (response) => void response.writeHead(200, { "content-type": "application/json" }).write('{"matricula'),
    () => undefined,
  ];
  let way = ways[0];
  await using upstream = await startUpstream((_request, response) => way?.(response));
  const rows = policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)] });
  rows.operations = rows.operations.map((row) => ({ ...row, timeout_ms: 300 }));
  await using gateway = await startTestGateway(rows);
  const statuses = [];
  for (way of ways) statuses.push((await gateway.call("GET", "/v1/properties/1234567", { token })).status);
  expect(statuses).toEqual([502, 502, 502, 502, 502, 502, 504, 504]);
  expect(gateway.records.map((record) => record.clause)).toEqual([
    "answer-format",
    "answer-format",
    "answer-mismatch",
    "answer-format",
    "upstream-too-large",
    "upstream-broken",
    "upstream-timeout",
    "upstream-timeout",
  ]);
});

test("an upstream that nobody listens on is 502", async () => {
  const token = makeToken();
  const gone = await startUpstream(property);
  await gone[Symbol.asyncDispose]();
  await using gateway = await startTestGateway(policyRows({ sandbox: gone.url }, { tokens: [tokenRow(token)] }));
  expect((await gateway.call("GET", "/v1/properties/1234567", { token })).status).toBe(502);
  expect(gateway.records[0]?.clause).toBe("upstream-connect");
});

test("an unsafe call is sent once even when the connection breaks", async () => {
  const token = makeToken();
  await using upstream = await startUpstream((_request, response) => response.destroy());
  await using gateway = await startTestGateway(policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)] }));
  expect((await gateway.call("POST", "/v1/requests", { token, body: '{"property":"1"}' })).status).toBe(502);
  expect(upstream.received.map((request) => request.method)).toEqual(["POST"]);
});

test("an operation without an answer body gives 204 and none", async () => {
  const token = makeToken();
  await using upstream = await startUpstream((_request, response) => sendJson(response, 200, '{"name":"Maria"}'));
  await using gateway = await startTestGateway(policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)] }));
  const reply = await gateway.call("DELETE", "/v1/requests/1", { token });
  expect([reply.status, reply.body]).toEqual([204, ""]);
});

test("a request is held against the schema and the fault is pointed at", async () => {
  const token = makeToken();
  await using upstream = await startUpstream((_request, response) => sendJson(response, 201, '{"property":"1","protocol":"P"}'));
  await using gateway = await startTestGateway(policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)] }));
  const faults: [method: string, path: string, body: string | undefined, status: number, pointer: unknown][] = [
    ["GET", "/v1/properties/abc", undefined, 422, "/params/ref"],
    ["GET", "/v1/properties/1?limit=0", undefined, 422, "/query/limit"],
    ["GET", "/v1/properties/1?limit=5x", undefined, 422, "/query/limit"],
    ["GET", "/v1/properties/1?limit=05", undefined, 422, "/query/limit"],
    ["GET", "/v1/properties/1?other=1", undefined, 422, "/query/other"],
    ["GET", "/v1/properties/1?__proto__=1", undefined, 422, "/query/__proto__"],
    ["GET", "/v1/properties/1?limit=1&limit=2", undefined, 400, "/query"],
    ["GET", "/v1/properties/1?limit=%ff", undefined, 400, "/query"],
    ["GET", "/v1/properties/1", "{}", 400, "/body"],
    ["POST", "/v1/requests", undefined, 422, "/body"],
    ["POST", "/v1/requests", "{", 400, "/body"],
    ["POST", "/v1/requests", "\ufeff{}", 400, "/body"],
    ["POST", "/v1/requests", "{}", 422, "/body/property"],
    ["POST", "/v1/requests", '{"property":1}', 422, "/body/property"],
    ["POST", "/v1/requests", '{"property":"1","x":1}', 422, "/body/x"],
    ["POST", "/v1/requests", '{"property":"1","__proto__":{}}', 422, "/body/__proto__"],
    ["POST", "/v1/requests", '{"property":"1","nested":{"b":1}}', 422, "/body/nested/b"],
    ["POST", "/v1/requests", `{"property":"1","nested":${"[".repeat(40)}${"]".repeat(40)}}`, 400, "/body"],
    ["POST", "/v1/requests", `{"property":"${"1".repeat(2_000)}"}`, 413, "/body"],
  ];
  for (const [method, path, body, status, pointer] of faults) {
    const reply = await gateway.call(method, path, { token, ...(body === undefined ? {} : { body }) });
    expect([reply.status, reply.json["pointer"]], `${method} ${path} ${body?.slice(0, 40)}`).toEqual([status, pointer]);
  }
  expect(upstream.received).toHaveLength(0);
  const typed = await gateway.call("POST", "/v1/requests", { token, body: '{"property":"1"}', headers: { "content-type": "text/plain" } });
  expect(typed.status).toBe(415);
});

test("numbers of a body go up with the literal they came with, and a doubled member is sent once", async () => {
  const token = makeToken();
  await using upstream = await startUpstream((_request, response) => sendJson(response, 201, '{"property":"2","protocol":"P"}'));
  await using gateway = await startTestGateway(policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)] }));
  await gateway.call("POST", "/v1/requests", { token, body: '{"property":"1", "property":"2", "amount": 10.50}' });
  expect(upstream.received[0]?.body).toBe('{"property":"2","amount":10.50}');
});

test("refusals of callers that are not recognised are counted past ten a second of one network", async () => {
  await using gateway = await startTestGateway(policyRows({}));
  const entries = new Set<string | undefined>();
  for (let i = 0; i < 25; i += 1) entries.add((await gateway.call("GET", "/x")).headers["audit-entry"]);
  expect(gateway.records).toHaveLength(10);
  gateway.clock.advance(60_000);
  await gateway.parts.audit.flush();
  const [aggregate] = gateway.records.slice(10);
  expect(gateway.records).toHaveLength(11);
  expect(aggregate).toMatchObject({
    phase: "aggregate",
    count: 15,
    network: "127.0.0.0/24",
    code: "unauthorized",
    clause: "token-missing",
    status: 401,
  });
  expect(entries).toEqual(new Set(gateway.records.map((record) => record.id)));
});

test("a preflight gets leave only for a live publishable access, its origin and its operation", async () => {
  const token = makeToken();
  await using upstream = await startUpstream(property);
  const rows = (access: Parameters<typeof accessRow>[0]) =>
    policyRows({ sandbox: upstream.url }, { tokens: [tokenRow(token)], accesses: [accessRow(access)] });
  await using gateway = await startTestGateway(rows({ kind: "publishable", origins: ["https://app.example"] }));
  const ask = (path: string, headers: Record<string, string> = {}) =>
    gateway.call("OPTIONS", path, {
      headers: {
        origin: "https://app.example",
        "access-control-request-method": "GET",
        "access-control-request-headers": "authorization",
        ...headers,
      },
    });
  const allowed = await ask("/v1/localities/7");
  expect(allowed.status).toBe(204);
  expect(allowed.headers).toMatchObject({
    "access-control-allow-origin": "https://app.example",
    "access-control-allow-methods": "GET",
    vary: "origin",
  });
  const refused = [
    await ask("/v1/properties/1"),
    await ask("/v1/nothing"),
    await ask("/v1/localities/7", { origin: "https://evil.example" }),
    await ask("/v1/localities/7", { "access-control-request-method": "POST" }),
    await ask("/v1/localities/7", { "access-control-request-headers": "x-admin" }),
  ];
  gateway.use(rows({ kind: "publishable", origins: ["https://app.example"], state: "disabled" }));
  refused.push(await ask("/v1/localities/7"));
  gateway.use(rows({ kind: "confidential", origins: ["https://app.example"] }));
  refused.push(await ask("/v1/localities/7"));
  expect(refused.map((reply) => reply.status)).toEqual(refused.map(() => 404));
  expect(refused.map(anonymous)).toEqual(refused.map(() => anonymous(refused[0])));
  expect(upstream.received).toHaveLength(0);
  const many = [];
  for (let i = 0; i < 30; i += 1) many.push((await ask("/v1/localities/7")).status);
  expect(many).toContain(429);
});

test("counts that a full journal refused are written once it takes records again", async () => {
  await using gateway = await startTestGateway(policyRows({ sandbox: "http://127.0.0.1:1" }));
  for (let i = 0; i < 12; i += 1) await gateway.call("GET", "/v1/properties/1");
  gateway.clock.advance(60_000);
  gateway.journal.full = true;
  await expect(gateway.parts.audit.flush()).rejects.toThrow("audit-full");
  gateway.journal.full = false;
  await gateway.parts.audit.flush();
  expect(gateway.records.slice(10)).toMatchObject([{ phase: "aggregate", count: 2 }]);
  await gateway.parts.audit.flush(true);
  expect(gateway.records).toHaveLength(11);
});

test("a made-up parameter or property that may be personal data is not repeated in the refusal", async () => {
  const token = makeToken();
  await using gateway = await startTestGateway(policyRows({ sandbox: "http://127.0.0.1:1" }, { tokens: [tokenRow(token)] }));
  const query = await gateway.call("GET", "/v1/properties/1?52998224725=1", { token });
  const body = await gateway.call("POST", "/v1/requests", { token, body: '{"property":"1","maria@example.org":1}' });
  expect([query.json["pointer"], body.json["pointer"]]).toEqual(["/query", "/body"]);
  expect(query.body + body.body).not.toMatch(/52998224725|maria/);
});
