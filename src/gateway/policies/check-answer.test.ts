import { expect, test } from "vitest";
import { answerHolds, scalarAt } from "../projection/answer-rule.ts";
import { parseExact } from "../projection/exact-json.ts";
import { compile, onlyAccess, refusalOf } from "../testing/test-call.ts";
import { makeToken, policyRows, tokenRow } from "../testing/test-policy.ts";
import { checkAnswer } from "./check-answer.ts";

const access = onlyAccess(compile(policyRows({}, { tokens: [tokenRow(makeToken())] })));

function verdict(body: string, more: { asked?: string; contentType?: string; status?: number } = {}): Promise<string> {
  const operation = access.license.grants.get("getProperty")?.operation;
  if (operation === undefined) throw new Error("no such operation");
  const answer = { status: more.status ?? 200, contentType: more.contentType ?? "application/json", body: Buffer.from(body) };
  return refusalOf(() => checkAnswer(answer, operation, { path: "", body: undefined, asked: () => more.asked }));
}

test("the object asked for must be the object answered", async () => {
  expect(await verdict('{"matricula":"1"}', { asked: "1" })).toBe("passed");
  expect(await verdict('{"matricula":1}', { asked: "1" })).toBe("passed");
  for (const body of ['{"matricula":"2"}', '{"matricula":"01"}', '{"matricula":1.0}', '{"matricula":null}', "{}", "[]", "null"]) {
    expect(await verdict(body, { asked: "1" })).toBe("upstream-failed answer-mismatch");
  }
  expect(await verdict('{"matricula":"2"}', {})).toBe("passed");
});

test("what a body asks for is the same object in every spelling of its number", () => {
  const asked = (text: string) => scalarAt(parseExact(text), "/matricula");
  expect(['{"matricula":7}', '{"matricula":7.0}', '{"matricula":70e-1}', '{"matricula":"7"}'].map(asked)).toEqual(["7", "7", "7", "7"]);
  expect(['{"matricula":7.5}', '{"matricula":9007199254740993}', '{"matricula":"7.0"}'].map(asked)).toEqual([
    "7.5",
    "9007199254740993",
    "7.0",
  ]);
});

test("a rule may name the items of a list, and all of them count", () => {
  const holds = (text: string) => answerHolds(parseExact(text), "/items/*/matricula", "1");
  expect(['{"items":[]}', '{"items":[{"matricula":1},{"matricula":"1"}]}'].map(holds)).toEqual([true, true]);
  expect(['{"items":[{"matricula":1},{"matricula":2}]}', '{"items":[{}]}', '{"items":{}}', "{}"].map(holds)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

test("only JSON in UTF-8 with a good status passes", async () => {
  expect(await verdict("{}", { contentType: "application/json; charset=utf-8" })).toBe("passed");
  for (const contentType of ["text/html", "application/jsonp", ""])
    expect(await verdict("{}", { contentType })).toBe("upstream-failed answer-format");
  expect(await verdict("{", {})).toBe("upstream-failed answer-format");
  expect(await verdict("{}", { status: 302 })).toBe("upstream-failed upstream-302");
  expect(await verdict("{}", { status: 404 })).toBe("not-found object-unknown");
});
