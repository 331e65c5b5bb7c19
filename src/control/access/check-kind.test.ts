import { expect, test } from "vitest";
import { checkKind, type KindCheck } from "./check-kind.ts";

const personal: KindCheck["operations"] = [{ operation_id: "getProperty", projection: { identity: "masked" } }];
const plain: KindCheck["operations"] = [{ operation_id: "getHealth", projection: {} }];
const hidden: KindCheck["operations"] = [{ operation_id: "getProperty", projection: { identity: "none" } }];

function check(of: Partial<KindCheck>): void {
  checkKind({ kind: "confidential", mode: "live", cidrs: [], origins: [], operations: plain, unpublishable: [], ...of });
}

test("a publishable access names origins, in test mode too", () => {
  expect(() => check({ kind: "publishable" })).toThrow(expect.objectContaining({ pointer: "/body/origins" }));
  expect(() => check({ kind: "publishable", mode: "test" })).toThrow(expect.objectContaining({ pointer: "/body/origins" }));
  check({ kind: "publishable", origins: ["https://a.example"] });
});

test("a live publishable access reaches publishable operations alone; a test one meets the sandbox", () => {
  const of = { kind: "publishable", origins: ["https://a.example"], unpublishable: ["getProperty"] } as const;
  expect(() => check(of)).toThrow(expect.objectContaining({ pointer: "/body/kind" }));
  check({ ...of, mode: "test" });
});

test("a live confidential access to personal data has a second factor", () => {
  expect(() => check({ operations: personal })).toThrow(expect.objectContaining({ pointer: "/body/cidrs" }));
  check({ operations: personal, cidrs: ["10.0.0.0/8"] });
  check({ operations: personal, storedFactor: true });
  check({ operations: personal, mode: "test" });
  check({ operations: hidden });
  check({ operations: plain });
});

test("a confidential access has no origins", () => {
  expect(() => check({ origins: ["https://a.example"] })).toThrow(expect.objectContaining({ pointer: "/body/origins" }));
});
