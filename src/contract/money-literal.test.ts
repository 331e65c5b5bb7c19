import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { moneyLiteral } from "./money-literal.ts";

const cents = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });

/** numeric(p,2) as PostgreSQL writes it. */
function numericText(value: bigint): string {
  const digits = (value < 0n ? -value : value).toString().padStart(3, "0");
  return `${value < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

function centsOf(literal: string): bigint {
  const [whole = "", decimals = ""] = literal.replace("-", "").split(".");
  const value = BigInt(whole + decimals.padEnd(2, "0"));
  return literal.startsWith("-") ? -value : value;
}

describe("the JSON literal of an amount", () => {
  test.each([
    ["10.00", "10"],
    ["10.50", "10.5"],
    ["0.01", "0.01"],
    ["0.00", "0"],
    ["-0.00", "0"],
    ["-0.10", "-0.1"],
    ["9999999.99", "9999999.99"],
    ["99999999999.99", "99999999999.99"],
    ["1000.00", "1000"],
    ["100", "100"],
    ["007.10", "7.1"],
    ["00", "0"],
  ])("of %s is %s", (text, literal) => {
    expect(moneyLiteral(text)).toBe(literal);
  });

  test.each(["", " 1", "1 ", "1.", ".5", "1e3", "1E-2", "+1", "NaN", "Infinity", "1,00", "0x10", "--1", "1.2.3", "1\n"])(
    "is refused for %j",
    (text) => {
      expect(() => moneyLiteral(text)).toThrow(RangeError);
    },
  );

  test("keeps every cent of amounts beyond what a float holds", () => {
    fc.assert(fc.property(cents, (value) => centsOf(moneyLiteral(numericText(value))) === value));
  });

  test("is a JSON number without exponent, trailing zero or bare point", () => {
    fc.assert(
      fc.property(cents, (value) => {
        const literal = moneyLiteral(numericText(value));
        expect(literal).toMatch(/^(0|-?0\.\d?[1-9]|-?[1-9]\d*(\.\d?[1-9])?)$/);
        expect(typeof JSON.parse(literal)).toBe("number");
      }),
    );
  });
});
