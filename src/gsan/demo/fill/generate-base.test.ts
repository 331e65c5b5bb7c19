import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { AppError } from "../../../contract/errors.ts";
import { planBase } from "./base-plan.ts";
import type { BaseOptions } from "./base-plan.ts";
import { baseTables } from "./base-tables.ts";
import { generateBase } from "./generate-base.ts";

const OPTIONS = { properties: 300, seed: 7, referenceDate: "2026-11-24" };

function digest(options: BaseOptions): string {
  const hash = createHash("sha256");
  for (const chunk of generateBase(planBase(options))) {
    for (const [table, text] of chunk.tables) {
      hash.update(`${table}\n${text}`);
    }
  }
  return hash.digest("hex");
}

test("the same seed and reference date give the same base, byte for byte", () => {
  expect(digest(OPTIONS)).toBe(digest(OPTIONS));
});

test("another seed or another reference date gives another base", () => {
  const bases = [OPTIONS, { ...OPTIONS, seed: 8 }, { ...OPTIONS, referenceDate: "2026-11-25" }].map(digest);
  expect(new Set(bases).size).toBe(3);
});

test("every row has a cell for each column of its table, and fits LATIN1", () => {
  for (const chunk of generateBase(planBase(OPTIONS))) {
    for (const [table, text] of chunk.tables) {
      const width = baseTables[table].split(", ").length;
      const widths = new Set(
        text
          .trimEnd()
          .split("\n")
          .map((line) => line.split("\t").length),
      );
      expect({ table, widths: [...widths] }).toEqual({ table, widths: [width] });
      expect(Buffer.from(text, "latin1").toString("latin1")).toBe(text);
    }
  }
});

test("chunks stay small however many properties there are", () => {
  let largest = 0;
  for (const chunk of generateBase(planBase({ ...OPTIONS, properties: 3_000 }))) {
    largest = Math.max(
      largest,
      [...chunk.tables.values()].reduce((sum, text) => sum + text.length, 0),
    );
  }
  expect(largest).toBeLessThan(4_000_000);
});

test("options outside their bounds are refused", () => {
  for (const wrong of [{ properties: 49 }, { properties: 1.5 }, { seed: -1 }, { months: 3 }]) {
    expect(() => planBase({ ...OPTIONS, ...wrong })).toThrow(AppError);
  }
  expect(() => planBase({ ...OPTIONS, referenceDate: "2026-13-01" })).toThrow(RangeError);
});
