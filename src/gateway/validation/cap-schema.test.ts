import { expect, test } from "vitest";
import { compileContract } from "./request-contract.ts";
import { Refusal } from "../refusal.ts";

function verdict(source: { parameters?: unknown; requestSchema?: unknown }, request: { query?: string; body?: unknown }): string {
  const contract = compileContract({ path: "/v1/x", parameters: source.parameters ?? [], requestSchema: source.requestSchema });
  const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
  try {
    contract.read({ values: [], query: request.query ?? "", body, refs: undefined });
    return "passed";
  } catch (error) {
    if (error instanceof Refusal) return `${error.code} ${error.more.pointer ?? ""}`;
    throw error;
  }
}

test("a list without a cap of its own is held to the default, and one with a cap to its own", () => {
  const list = (more: object): { requestSchema: object } => ({
    requestSchema: {
      type: "object",
      additionalProperties: false,
      properties: { ids: { type: "array", items: { type: "integer" }, ...more } },
    },
  });
  const ids = (count: number): { body: unknown } => ({ body: { ids: Array.from({ length: count }, (_, i) => i) } });
  expect([verdict(list({}), ids(1_000)), verdict(list({}), ids(1_001))]).toEqual(["passed", "invalid-field /body/ids"]);
  expect([verdict(list({ maxItems: 2 }), ids(3)), verdict(list({ maxItems: 2_000 }), ids(1_500))]).toEqual([
    "invalid-field /body/ids",
    "passed",
  ]);
});

test("a page size without a maximum is held to the default; other numbers are not", () => {
  const query = (name: string, more: object = {}): { parameters: unknown } => ({
    parameters: [{ name, in: "query", schema: { type: "integer", ...more } }],
  });
  expect([verdict(query("limit"), { query: "limit=1000" }), verdict(query("limit"), { query: "limit=1001" })]).toEqual([
    "passed",
    "invalid-field /query/limit",
  ]);
  expect(verdict(query("pageSize", { maximum: 5_000 }), { query: "pageSize=5000" })).toBe("passed");
  expect(verdict(query("matricula"), { query: "matricula=900000" })).toBe("passed");
});
