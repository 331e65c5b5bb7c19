/** Decimal text with two places of a whole number of cents; money never becomes a fraction on the way. */
export function centsToDecimal(cents: number): string {
  const sign = cents < 0 ? "-" : "";
  const size = Math.abs(cents);
  return `${sign}${Math.floor(size / 100)}.${String(size % 100).padStart(2, "0")}`;
}

/** Whole cents of decimal text such as "85.40", as numeric columns arrive. */
export function decimalToCents(text: string): number {
  const match = /^(-?)(\d{1,13})(?:\.(\d{1,2})0*)?$/.exec(text);
  if (match === null) {
    throw new RangeError("not a decimal text with two places");
  }
  const cents = Number(match[2]) * 100 + Number((match[3] ?? "").padEnd(2, "0"));
  return match[1] === "-" ? -cents : cents;
}
