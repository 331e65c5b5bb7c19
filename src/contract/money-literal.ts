/** Plain decimal text as PostgreSQL writes a numeric: no exponent, no thousands mark, no NaN or Infinity. */
const decimal = /^(-?)(\d+)(?:\.(\d+))?$/;

/**
 * The JSON number literal of an amount, made from its decimal text without a float on the way: no exponent, trailing
 * zeros and a bare point dropped (`10.00` → `10`, `10.50` → `10.5`, `0.01`). Throws RangeError for other text.
 */
export function moneyLiteral(text: string): string {
  const match = decimal.exec(text);
  if (match === null) throw new RangeError("not a decimal amount");
  const [, sign = "", whole = "", fraction = ""] = match;
  const digits = whole.replace(/^0+(?=\d)/, "");
  const decimals = fraction.replace(/0+$/, "");
  const value = decimals === "" ? digits : `${digits}.${decimals}`;
  return value === "0" ? value : `${sign}${value}`;
}
