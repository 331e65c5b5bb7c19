import { expect, test } from "vitest";
import { createSubjectHasher, manySubjects, mostSubjects, normalSubject } from "../audit/subject-hash.ts";
import type { PolicyRows } from "./policy/policy-rows.ts";
import { sendJson, startTestGateway, startUpstream } from "./testing/test-gateway.ts";
import { grantRow, makeToken, now, operations, policyRows, subjectSecret, tokenRow } from "./testing/test-policy.ts";

const token = makeToken();
const good = (matricula: string) => JSON.stringify({ matricula, status: "ok", name: "MARIA", document: "111.444.777-35", amount: 1 });

function rowsFor(sandbox: string, more: Partial<PolicyRows> = {}): PolicyRows {
  return policyRows({ sandbox }, { tokens: [tokenRow(token)], ...more });
}

/** Its rows with other columns for one operation. */
function withOperation(operationId: string, columns: object): PolicyRows["operations"] {
  return operations.map((row) => (row.operation_id === operationId ? { ...row, ...columns } : row));
}

test("an operation's end is announced on good answers, in the forms of RFC 9745 and RFC 8594, and on no refusal", async () => {
  await using upstream = await startUpstream((request, response) =>
    request.url.endsWith("/404") ? sendJson(response, 404, "{}") : sendJson(response, 200, good("1")),
  );
  const dates = { deprecated_at: new Date("2026-10-01T00:00:00Z"), sunset_at: new Date("2027-01-01T00:00:00Z") };
  const announced = {
    operations: [
      ...withOperation("getProperty", dates).filter((row) => row.operation_id !== "getSecret"),
      { ...Object(operations.find((row) => row.operation_id === "getSecret")), ...dates },
    ],
  };
  await using gateway = await startTestGateway(rowsFor(upstream.url, announced));
  const answer = await gateway.call("GET", "/v1/properties/1", { token });
  expect(answer.headers).toMatchObject({ deprecation: "@1790812800", sunset: "Fri, 01 Jan 2027 00:00:00 GMT" });
  // what is not licensed, and what is not there, say nothing of which operations there are
  for (const path of ["/v1/secrets", "/v1/nothing", "/v1/properties/404"]) {
    const refused = await gateway.call("GET", path, { token });
    expect(refused.status).toBe(404);
    expect([refused.headers["deprecation"], refused.headers["sunset"]]).toEqual([undefined, undefined]);
  }
  const plain = await startTestGateway(rowsFor(upstream.url));
  expect((await plain.call("GET", "/v1/properties/1", { token })).headers["deprecation"]).toBeUndefined();
  await plain[Symbol.asyncDispose]();
});

test("a service's own statuses mean what the operator says; the others keep their meaning", async () => {
  await using upstream = await startUpstream((request, response) => sendJson(response, Number(request.url.split("/").at(-1)), "{}"));
  const rows = rowsFor(upstream.url);
  const services = rows.services.map((row) => ({
    ...row,
    status_map: { "403": "not-found", "418": "conflict", "500": "base-away", "404": "no-such-code", "200": "conflict" },
  }));
  await using gateway = await startTestGateway({ ...rows, services });
  const statuses = async (path: string) => (await gateway.call("GET", `/v1/properties/${path}`, { token })).status;
  expect(await statuses("403")).toBe(404);
  expect(await statuses("418")).toBe(409);
  expect(await statuses("500")).toBe(503);
  expect(await statuses("404")).toBe(404);
  expect(await statuses("503")).toBe(502);
  expect(gateway.records.map((record) => record.clause)).toEqual([
    "upstream-403",
    "upstream-418",
    "upstream-500",
    "object-unknown",
    "upstream-503",
  ]);
  const mapped = await gateway.call("GET", "/v1/properties/403", { token });
  const unknown = await gateway.call("GET", "/v1/properties/404", { token });
  const withoutIds = (text: string) => text.replaceAll(/"request_id":"[^"]*"/g, "");
  expect(withoutIds(mapped.body)).toBe(withoutIds(unknown.body));
});

const marked = { "x-lgpd-subject": true };
const ref = {
  name: "ref",
  in: "path",
  required: true,
  schema: { type: "string", "x-lgpd": "indirect", pattern: "^[0-9]{1,9}$", "x-ref": "imovel", ...marked },
};
const property = {
  type: "object",
  additionalProperties: false,
  properties: {
    matricula: { type: "string", "x-lgpd": "indirect", "x-ref": "imovel", ...marked },
    document: { type: "string", "x-lgpd": "identity", "x-mask": "document", ...marked },
    others: { type: "array", items: { type: "object", properties: { cpf: { type: "string", "x-lgpd": "identity", ...marked } } } },
    name: { type: "string", "x-lgpd": "identity", ...marked },
  },
};
const hash = createSubjectHasher(subjectSecret);
const of = { tenantId: "ten_a", at: now };
const hex = (kind: "matricula" | "document", value: string) => hash(of, { kind, value });

test("the record names whom request and answer are about, by keyed hash, once each, and holds no value", async () => {
  const body = {
    matricula: "77",
    document: "111.444.777-35",
    others: [{ cpf: "11144477735" }, { cpf: "22233344405" }, { cpf: "short" }],
    name: "MARIA",
  };
  await using upstream = await startUpstream((request, response) =>
    request.url.endsWith("/9") ? sendJson(response, 404, "{}") : sendJson(response, 200, JSON.stringify(body)),
  );
  const rows = rowsFor(upstream.url, {
    operations: withOperation("getProperty", { parameters: [ref], response_schema: property }),
    grants: [grantRow("getProperty")],
  });
  await using gateway = await startTestGateway(rows);
  expect((await gateway.call("GET", "/v1/properties/077", { token })).status).toBe(200);
  await gateway.call("GET", "/v1/properties/9", { token });
  expect(gateway.records.map((record) => record.subjects?.split(","))).toEqual([
    [hex("matricula", "77"), hex("document", "11144477735"), hex("document", "22233344405")],
    [hex("matricula", "9")],
  ]);
  expect(JSON.stringify(gateway.records)).not.toMatch(/11144477735|111\.444|MARIA/);
});

test("a call that names more persons than a record holds says so", async () => {
  const others = Array.from({ length: 500 }, (_, index) => ({ cpf: String(10_000_000_000 + index) }));
  await using upstream = await startUpstream((_request, response) => sendJson(response, 200, JSON.stringify({ matricula: "1", others })));
  const rows = rowsFor(upstream.url, {
    operations: withOperation("getProperty", { parameters: [ref], response_schema: property }),
    grants: [grantRow("getProperty")],
  });
  await using gateway = await startTestGateway(rows);
  await gateway.call("GET", "/v1/properties/1", { token });
  const hashes = gateway.records[0]?.subjects?.split(",") ?? [];
  expect(hashes).toHaveLength(mostSubjects);
  expect(hashes.at(-1)).toBe(hash(of, manySubjects));
});

test("hashes of one person differ by tenant, month, kind and secret, and not within a month", () => {
  const subject = { kind: "document", value: "11144477735" } as const;
  const same = hash({ tenantId: "ten_a", at: new Date("2026-11-01T00:00:00Z") }, subject);
  expect(hash(of, subject)).toEqual(same);
  const others = [
    hash({ tenantId: "ten_b", at: now }, subject),
    hash({ tenantId: "ten_a", at: new Date("2026-12-01T00:00:00Z") }, subject),
    hash(of, { kind: "matricula", value: subject.value }),
    createSubjectHasher(Buffer.alloc(32))(of, subject),
  ];
  expect(new Set([same, ...others]).size).toBe(5);
});

test.each([
  ["matricula", "000123", "123"],
  ["matricula", "0", undefined],
  ["matricula", "1e3", undefined],
  ["matricula", "1234567890123", undefined],
  ["document", "111.444.777-35", "11144477735"],
  ["document", "12.ABC.345/01DE-35", "12ABC34501DE35"],
  ["document", "12abc34501de35", "12ABC34501DE35"],
  ["document", "1114447773", undefined],
  ["document", "", undefined],
] as const)("%s %j is written %j", (kind, text, value) => {
  expect(normalSubject(kind, text)?.value).toBe(value);
});
