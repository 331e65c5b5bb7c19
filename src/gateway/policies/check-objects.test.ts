import { afterAll, beforeAll, expect, test } from "vitest";
import { packIntegers } from "../../contract/packed-integers.ts";
import type { ObjectRow, OperationRow } from "../policy/policy-rows.ts";
import { sendJson, startTestGateway, startUpstream, type Reply, type TestGateway, type Upstream } from "../testing/test-gateway.ts";
import { grantRow, licenseRow, makeToken, operations, policyRows, tokenRow } from "../testing/test-policy.ts";

const token = makeToken();
/** What the service says of each bill: its property and where that lies. */
const bills: Record<string, object> = {
  "1": { bill_id: "1", matricula: "1001", locality_id: 7, municipality_id: 70 },
  "2": { bill_id: "2", matricula: "2002", locality_id: 8, municipality_id: 80 },
  "3": { bill_id: "3", matricula: null, locality_id: null, municipality_id: 70 },
  "4": { bill_id: "4" },
};

const indirect = { type: ["string", "null"], "x-lgpd": "indirect" };
const billFields = {
  bill_id: { ...indirect, "x-ref": "bill" },
  matricula: { ...indirect, "x-ref": "imovel" },
  locality_id: { type: ["integer", "null"], "x-lgpd": "address", "x-object": "locality" },
  municipality_id: { type: ["integer", "null"], "x-lgpd": "address", "x-object": "municipality" },
};
const base = operations[0]!;
const getBill: OperationRow = {
  ...base,
  operation_id: "getBill",
  path: "/v1/bills/{bill_id}",
  parameters: [{ name: "bill_id", in: "path", required: true, schema: billFields.bill_id }],
  response_schema: { type: "object", properties: billFields },
};
const listBills: OperationRow = {
  ...getBill,
  operation_id: "listBills",
  path: "/v1/bills",
  parameters: [],
  response_schema: { type: "object", properties: { items: { type: "array", items: { type: "object", properties: billFields } } } },
};

let upstream: Upstream;
let gateway: TestGateway;
let listed: object[] = [];
let answered = "{}";

beforeAll(async () => {
  upstream = await startUpstream((request, response) => {
    const [, kind, id = ""] = request.url.split("/").slice(1);
    if (kind === "bills" && id === "") return sendJson(response, 200, JSON.stringify({ items: listed }));
    if (kind === "bills" && id === "5") return sendJson(response, 200, answered);
    if (kind === "bills") return bills[id] ? sendJson(response, 200, JSON.stringify(bills[id])) : sendJson(response, 404, "{}");
    if (kind === "requests") return sendJson(response, 200, '{"property":"1001","protocol":"p"}');
    if (kind === "localities") return sendJson(response, 200, `{"locality_id":"${id}"}`);
    return sendJson(response, 200, `{"matricula":"${id}","status":"ok"}`);
  });
  gateway = await startTestGateway(rows());
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

function rows(scope?: Partial<ObjectRow>, tenant = "ten_a") {
  const row: ObjectRow = {
    tenant_id: tenant,
    license_id: "lic_a",
    municipalities: [],
    localities: [],
    matriculas: null,
    ranges: [],
    ...scope,
  };
  const open = { indirect: "full", address: "full" };
  return policyRows(
    { sandbox: upstream.url },
    {
      operations: [...operations, getBill, listBills],
      grants: ["getProperty", "createRequest", "deleteRequest", "getLocality", "getBill", "listBills"].map((id) => grantRow(id, open)),
      licenses: [licenseRow({ burst: 1_000 })],
      tokens: [tokenRow(token)],
      objects: scope === undefined ? [] : [row],
    },
  );
}

const numbers = { matriculas: Buffer.from(packIntegers([1001, 1500])), ranges: [3000, 3999] };

/** The call's answer, how its record names the clause, and whether the service saw it. */
async function call(
  method: string,
  path: string,
  body?: string,
): Promise<{ reply: Reply; clause: string | undefined; forwarded: boolean }> {
  const before = upstream.received.length;
  const reply = await gateway.call(method, path, { token, ...(body === undefined ? {} : { body }) });
  const clause = gateway.records.findLast((record) => record.phase === "answer")?.clause;
  return { reply, clause, forwarded: upstream.received.length > before };
}

/** Everything of an answer but ids and time. */
function comparable({ status, headers, body }: Reply): unknown {
  const { date: _, "x-request-id": __, "aqueduto-entry": ___, ...rest } = headers;
  return { status, names: Object.keys(rest).toSorted(), body: body.replace(/"request_id":"[^"]*"/, "") };
}

test("without a scope every object is in reach", async () => {
  gateway.use(rows());
  for (const path of ["/v1/properties/9", "/v1/bills/2", "/v1/bills/4"]) expect((await call("GET", path)).reply.status).toBe(200);
});

test.each(["1001", "1500", "3000", "3999"])("the property %s of list or range is in reach", async (ref) => {
  gateway.use(rows(numbers));
  expect((await call("GET", `/v1/properties/${ref}`)).reply.json).toMatchObject({ matricula: ref });
});

test.each(["1000", "1002", "2999", "4000", "1"])(
  "the property %s beside list and range is not there: the service is not asked",
  async (ref) => {
    gateway.use(rows(numbers));
    const { reply, clause, forwarded } = await call("GET", `/v1/properties/${ref}`);
    expect({ status: reply.status, clause, forwarded }).toEqual({ status: 404, clause: "object-scope", forwarded: false });
  },
);

test("an object outside, an unknown object and an unknown route are answered alike", async () => {
  gateway.use(rows(numbers));
  const outside = await call("GET", "/v1/properties/9");
  const afterAnswer = await call("GET", "/v1/bills/2");
  const unknown = await call("GET", "/v1/bills/99");
  const route = await call("GET", "/v1/nothing");
  expect([outside.clause, afterAnswer.clause, unknown.clause, route.clause]).toEqual([
    "object-scope",
    "object-scope",
    "object-unknown",
    "route-unknown",
  ]);
  for (const { reply } of [afterAnswer, unknown, route]) expect(comparable(reply)).toEqual(comparable(outside.reply));
});

test("a bill is in reach by the property that its answer names, and only by it", async () => {
  gateway.use(rows(numbers));
  expect((await call("GET", "/v1/bills/1")).reply.status).toBe(200);
  for (const id of ["2", "3", "4"])
    expect(await call("GET", `/v1/bills/${id}`)).toMatchObject({ reply: { status: 404 }, clause: "object-scope" });
});

test("a list is answered only when each of its objects is in reach", async () => {
  gateway.use(rows(numbers));
  for (const [items, status] of [
    [[bills["1"]], 200],
    [[bills["1"], bills["2"]], 404],
    [[], 404],
  ] as const) {
    listed = [...items] as object[];
    expect((await call("GET", "/v1/bills")).reply.status).toBe(status);
  }
});

test("a list item that names no property is not in the answer", async () => {
  gateway.use(rows(numbers));
  listed = [bills["1"]!, bills["3"]!, bills["4"]!];
  expect((await call("GET", "/v1/bills")).reply.json).toEqual({ items: [bills["1"]] });
  listed = [bills["3"]!, bills["4"]!];
  expect(await call("GET", "/v1/bills")).toMatchObject({ reply: { status: 404 }, clause: "object-scope" });
  gateway.use(rows());
  expect((await call("GET", "/v1/bills")).reply.json).toEqual({ items: listed });
});

test.each([["1001.5"], ["1001.0"], ["1001e0"], ['"1001"'], ['"01001"'], ['" 1001"'], ['["1001"]'], ["true"]])(
  "an answer of numbers that says %s names no property in reach",
  async (literal) => {
    const matricula = { type: ["integer", "null"], "x-lgpd": "indirect" };
    const response_schema = { type: "object", properties: { bill_id: billFields.bill_id, matricula } };
    gateway.use({ ...rows(numbers), operations: [...operations, { ...getBill, response_schema }] });
    answered = `{"bill_id":"5","matricula":${literal}}`;
    expect(await call("GET", "/v1/bills/5")).toMatchObject({ reply: { status: 404 }, clause: "object-scope" });
    answered = '{"bill_id":"5","matricula":1001}';
    expect((await call("GET", "/v1/bills/5")).reply.status).toBe(200);
  },
);

test.each(["1001.5", "1000.9999999999999999999", "1001.0000000000000000001", '"01001"'])(
  "a body that names %s is not within reach of 1001",
  async (literal) => {
    const request_schema = {
      type: "object",
      properties: { property: { type: ["number", "string"], "x-lgpd": "indirect", "x-ref": "imovel" } },
    };
    const create = operations.find((operation) => operation.operation_id === "createRequest")!;
    const others = operations.filter((operation) => operation !== create);
    gateway.use({ ...rows(numbers), operations: [...others, { ...create, request_schema }] });
    expect(await call("POST", "/v1/requests", `{"property":${literal}}`)).toMatchObject({ reply: { status: 404 }, forwarded: false });
    expect(await call("POST", "/v1/requests", '{"property":1001}')).toMatchObject({ forwarded: true });
  },
);

test("what changes something is refused before it reaches the service", async () => {
  gateway.use(rows(numbers));
  expect(await call("POST", "/v1/requests", '{"property":"9"}')).toMatchObject({ reply: { status: 404 }, forwarded: false });
  expect(await call("DELETE", "/v1/requests/9")).toMatchObject({ reply: { status: 404 }, forwarded: false });
  expect((await call("POST", "/v1/requests", '{"property":"1001"}')).reply.status).toBe(200);
  gateway.use(rows({ localities: [7] }));
  expect(await call("POST", "/v1/requests", '{"property":"1001"}')).toMatchObject({ reply: { status: 404 }, forwarded: false });
});

test("a place is known from the answer: by locality or by municipality, never by their absence", async () => {
  gateway.use(rows({ localities: [7] }));
  expect((await call("GET", "/v1/bills/1")).reply.status).toBe(200);
  for (const id of ["2", "3", "4"])
    expect(await call("GET", `/v1/bills/${id}`)).toMatchObject({ reply: { status: 404 }, clause: "object-scope" });
  gateway.use(rows({ localities: [9], municipalities: [70] }));
  expect((await call("GET", "/v1/bills/1")).reply.status).toBe(200);
  expect((await call("GET", "/v1/bills/3")).reply.status).toBe(200);
  expect((await call("GET", "/v1/bills/2")).reply.status).toBe(404);
  // an answer that says nothing of places proves nothing
  expect((await call("GET", "/v1/properties/1001")).reply.status).toBe(404);
});

test("numbers and places both bind", async () => {
  gateway.use(rows({ ...numbers, localities: [8] }));
  expect((await call("GET", "/v1/bills/1")).reply.status).toBe(404);
  gateway.use(rows({ ...numbers, localities: [7] }));
  expect((await call("GET", "/v1/bills/1")).reply.status).toBe(200);
});

test("public data has no object and stays in reach", async () => {
  gateway.use(rows({ ...numbers, localities: [7] }));
  expect((await call("GET", "/v1/localities/5")).reply.status).toBe(200);
});

test("a list that cannot be read holds nothing, and another tenant's scope does not bind", async () => {
  gateway.use(rows({ matriculas: Buffer.from([0x80]) }));
  expect((await call("GET", "/v1/properties/1001")).reply.status).toBe(404);
  gateway.use(rows(numbers, "ten_b"));
  expect((await call("GET", "/v1/properties/9")).reply.status).toBe(200);
});

test("a field list leaves only what it names", async () => {
  const open = { indirect: "full", address: "full" };
  gateway.use({ ...rows(), grants: [{ ...grantRow("getBill", open), fields: ["/matricula"] }] });
  expect((await call("GET", "/v1/bills/1")).reply.json).toEqual({ matricula: "1001" });
});
