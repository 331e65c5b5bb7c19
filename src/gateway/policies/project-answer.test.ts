import { expect, test } from "vitest";
import { parseExact } from "../projection/exact-json.ts";
import { compile, onlyAccess, refusalOf } from "../testing/test-call.ts";
import { grantRow, makeToken, policyRows, tokenRow } from "../testing/test-policy.ts";
import { projectAnswer } from "./project-answer.ts";

function grant(projection: Record<string, string>) {
  const found = onlyAccess(
    compile(policyRows({}, { tokens: [tokenRow(makeToken())], grants: [grantRow("getProperty", projection)] })),
  ).license.grants.get("getProperty");
  if (found === undefined) throw new Error("no such grant");
  return found;
}

test("what leaves is what the license shows, byte for byte", () => {
  const document = parseExact('{"matricula":"1","status":"A","name":"Maria","amount":1.00}');
  expect(projectAnswer({ status: 200, document }, grant({ financial: "full" })).body?.toString()).toBe('{"status":"A","amount":1.00}');
  expect(projectAnswer({ status: 204, document: undefined }, grant({}))).toEqual({ status: 204, body: undefined });
});

test("an answer of another outer form is not passed on", async () => {
  expect(await refusalOf(() => projectAnswer({ status: 200, document: parseExact('["Maria"]') }, grant({ identity: "full" })))).toBe(
    "upstream-failed answer-schema",
  );
});
