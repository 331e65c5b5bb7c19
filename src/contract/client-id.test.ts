import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clientId } from "./client-id.ts";

describe("idcliente", () => {
  test.each([
    ["1400", "modulo11", "01400-1"],
    ["1400", "modulo10", "01400-1"],
    ["1400", "none", "01400"],
    ["12345", "modulo11", "12345-5"],
    ["0", "modulo11", "00000-0"],
    ["1", "modulo11", "00001-9"],
    // 6 × 2 = 12, remainder 1 → 0; 17 = 7×2 + 1×3 → 17, remainder 6 → 5
    ["6", "modulo11", "00006-0"],
    ["17", "modulo11", "00017-5"],
    // the weights start again at 2 after 9: 1 in the ninth place weighs 2
    ["100000000", "modulo11", "100000000-9"],
    // 5 × 2 = 10 → 1 + 0 → 9
    ["5", "modulo10", "00005-9"],
    ["2147483647", "none", "2147483647"],
  ] as const)("of client %s by %s is %s", (id, rule, written) => {
    expect(clientId(id, rule)).toBe(written);
  });

  test.each(["", "-1", "1a", "1.0", " 1"])("is refused for %j", (id) => {
    expect(() => clientId(id, "modulo11")).toThrow(RangeError);
  });

  test("modulo 11 finds every single wrong digit but those that meet in 0", () => {
    const ids = fc.integer({ min: 10, max: 99_999_999 });
    fc.assert(
      fc.property(ids, fc.nat({ max: 7 }), fc.integer({ min: 1, max: 9 }), (id, place, shift) => {
        const digits = [...String(id)];
        const at = place % digits.length;
        digits[at] = String((Number(digits[at]) + shift) % 10);
        const [right, wrong] = [clientId(String(id), "modulo11"), clientId(digits.join(""), "modulo11")];
        return right.slice(-1) !== wrong.slice(-1) || right.endsWith("-0");
      }),
    );
  });

  test("leading zeros of the padding do not change the digit", () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom("modulo11", "modulo10"), (id, rule) => {
        expect(clientId(`000${id}`, rule).slice(-1)).toBe(clientId(String(id), rule).slice(-1));
      }),
    );
  });
});
