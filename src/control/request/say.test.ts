import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { errorTable } from "../../contract/errors.ts";
import { clauseWords } from "./clause-words.ts";
import { sayOutcome } from "./say.ts";

test("a clause is told in both languages, with what to do", () => {
  expect(sayOutcome({ status: 429, code: "too-many-requests", clause: "quota-day" })).toMatchObject({
    en: { what: "The license's calls of the day were used up.", todo: expect.stringContaining("Retry-After") },
    "pt-BR": { what: "As chamadas do dia da licença se esgotaram.", todo: expect.stringContaining("Retry-After") },
  });
  expect(sayOutcome({ status: 401, code: "unauthorized", clause: "partner-switched-off" }).en.what).toBe(
    "The partner was switched off by the utility.",
  );
  expect(sayOutcome({ status: 403, code: "forbidden", clause: "signature-wrong" }).en.what).toContain("RFC 9421");
});

test("every code has words in both languages, whatever its clause", () => {
  for (const [code, { status }] of Object.entries(errorTable)) {
    const said = sayOutcome({ status, code, clause: "constructor" });
    for (const part of [said.en.what, said.en.todo, said["pt-BR"].what, said["pt-BR"].todo]) expect(part.length).toBeGreaterThan(5);
  }
});

test("a good call, and one without an answer, are told as such", () => {
  expect(sayOutcome({ status: 200, code: "ok", clause: null }).en.what).toBe("The call was answered.");
  expect(sayOutcome({ status: 0, code: "ok", clause: "node-revoked" }).en.todo).toContain("Look whether");
});

test("every clause of the table is one that the gateway has", () => {
  const policies = join(import.meta.dirname, "../../gateway");
  const source = readdirSync(policies, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => readFileSync(join(policies, name), "utf8"))
    .join("\n");
  // composed of the kind of the quota
  const composed = new Set(["quota-day", "quota-month"]);
  expect(Object.keys(clauseWords).filter((clause) => !composed.has(clause) && !source.includes(`"${clause}"`))).toEqual([]);
});
