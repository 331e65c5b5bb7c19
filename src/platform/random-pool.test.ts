import { expect, test } from "vitest";
import { takeRandom } from "./random-pool.ts";

test("no byte is handed out twice, and what was handed out does not change later", () => {
  const taken = Array.from({ length: 3_000 }, () => takeRandom(16));
  const texts = taken.map((bytes) => bytes.toString("hex"));
  expect(new Set(texts).size).toBe(3_000);
  takeRandom(4_096);
  expect(taken.map((bytes) => bytes.toString("hex"))).toEqual(texts);
});

test("requests that do not fit what is left are whole", () => {
  for (const length of [1, 8_000, 500, 8_192, 3]) expect(takeRandom(length)).toHaveLength(length);
});
