import { expect, test } from "vitest";
import { newId } from "./ids.ts";

test("ids made later sort later, and none comes twice", () => {
  const ids = Array.from({ length: 1_000 }, (_, i) => newId("evt", 1_700_000_000_000 + i));
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(Array.from({ length: 1_000 }, () => newId("evt", 1))).size).toBe(1_000);
  expect(ids[0]).toMatch(/^evt_[0-9a-hjkmnp-tv-z]{26}$/);
});
