import { expect, test } from "vitest";
import { maskEmail, maskName } from "./mask.ts";

test("a masked address and name keep first letters alone", () => {
  expect(maskEmail("maria.silva@banco.example")).toBe("m***@b***");
  expect(maskName("Maria  da Silva")).toBe("M. d. S.");
  expect(maskEmail("")).toBe("***@***");
});
