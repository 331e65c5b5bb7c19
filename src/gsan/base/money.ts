const decimalForm = /^(-?)(\d+)\.(\d{2})$/;

/** Cents of a decimal text with two places, as PostgreSQL prints numeric(13,2). Throws RangeError for another form. */
export function centsOf(text: string): bigint {
  const [, sign, whole, part] = decimalForm.exec(text) ?? [];
  if (whole === undefined || part === undefined) throw new RangeError("not a decimal with two places");
  const cents = BigInt(whole) * 100n + BigInt(part);
  return sign === "-" ? -cents : cents;
}

/** Decimal text with two places: 8540n -> "85.40". */
export function decimalOf(cents: bigint): string {
  const digits = (cents < 0n ? -cents : cents).toString().padStart(3, "0");
  return `${cents < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** `share / whole` of an amount, rounded half up to the cent; for amounts and shares that are not negative. */
export function shareOf(cents: bigint, share: bigint, whole: bigint): bigint {
  return (cents * share * 2n + whole) / (whole * 2n);
}
