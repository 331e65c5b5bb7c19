import { expect, test } from "vitest";
import { compile, onlyAccess, refusalOf, testCall } from "../testing/test-call.ts";
import { makeToken, policyRows, tokenRow } from "../testing/test-policy.ts";
import { validateRequest } from "./validate-request.ts";

const snapshot = compile(policyRows({}, { tokens: [tokenRow(makeToken())] }));
const access = onlyAccess(snapshot);

function validate(operationId: string, call: ReturnType<typeof testCall>, values: string[] = []) {
  const grant = access.license.grants.get(operationId);
  if (grant === undefined) throw new Error("no such grant");
  return validateRequest(call, access, { grant, values });
}

test("a request is rebuilt from what was checked", async () => {
  const read = await validate("getProperty", testCall({ query: "limit=%35" }), ["123"]);
  expect([read.path, read.body, read.asked({ parameter: "ref", field: "" })]).toEqual(["/v1/properties/123?limit=5", undefined, "123"]);
  const body = Buffer.from(' { "amount": 1.50, "property": "7" } ');
  const posted = await validate(
    "createRequest",
    testCall({ hasBody: true, headers: { contentType: "application/json; charset=utf-8" }, readBody: () => Promise.resolve(body) }),
  );
  expect([posted.path, posted.body, posted.asked({ body: "/property", field: "" })]).toEqual([
    "/v1/requests",
    '{"amount":1.50,"property":"7"}',
    "7",
  ]);
});

test("a body announced larger than the operation takes is refused unread", async () => {
  const call = testCall({ hasBody: true, headers: { contentType: "application/json", contentLength: "1001" } });
  expect(await refusalOf(() => validate("createRequest", call))).toBe("body-too-large body");
});

test("a body that breaks off, of another type, or where none is taken is refused", async () => {
  const json = { contentType: "application/json" };
  expect(
    await refusalOf(() =>
      validate("createRequest", testCall({ hasBody: true, headers: json, readBody: () => Promise.resolve("aborted") })),
    ),
  ).toBe("bad-request body-aborted");
  for (const contentType of [
    undefined,
    "text/plain",
    "application/json; charset=latin1",
    "application/jsonp",
    "application/x-www-form-urlencoded",
  ]) {
    expect(await refusalOf(() => validate("createRequest", testCall({ hasBody: true, headers: { contentType } })))).toBe(
      "unsupported-media-type content-type",
    );
  }
  expect(await refusalOf(() => validate("getProperty", testCall({ hasBody: true }), ["1"]))).toBe("bad-request body");
});
