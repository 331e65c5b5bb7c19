/** How a utility writes the check digit of `idcliente`; a setting of the tenant. */
export type ClientDigitRule = "modulo11" | "modulo10" | "none";

/**
 * `idcliente` as partners see it: GSAN's `clie_id` padded to 5, `-`, the check digit. Rule `none` gives the padded
 * number alone. Throws RangeError when `clieId` is not plain digits. It is never validated on input: the seed's own
 * `01400-2` fits no known rule.
 */
export function clientId(clieId: string, rule: ClientDigitRule): string {
  if (!/^\d+$/.test(clieId)) throw new RangeError("clie_id must be digits");
  const padded = clieId.padStart(5, "0");
  if (rule === "none") return padded;
  return `${padded}-${rule === "modulo11" ? modulo11(clieId) : modulo10(clieId)}`;
}

/** GSAN's modulo 11: weights 2..9 from the right, again from 2; remainder 0 or 1 → 0, else 11 − remainder. */
function modulo11(digits: string): number {
  const remainder = fromTheRight(digits).reduce((sum, digit, i) => sum + digit * (2 + (i % 8)), 0) % 11;
  return remainder < 2 ? 0 : 11 - remainder;
}

/** GSAN's modulo 10: weights 2, 1, 2… from the right, the digits of each product summed; up to the next ten. */
function modulo10(digits: string): number {
  const sum = fromTheRight(digits).reduce((total, digit, i) => {
    const product = digit * (i % 2 === 0 ? 2 : 1);
    return total + (product > 9 ? product - 9 : product);
  }, 0);
  return (10 - (sum % 10)) % 10;
}

function fromTheRight(digits: string): number[] {
  return Array.from(digits, Number).toReversed();
}
