const relations: Readonly<Record<number, string>> = { 1: "owner", 2: "user", 3: "responsible" };

/** cliente_relacao_tipo in our words. Throws for another type: the statements select these three alone. */
export function relationName(crtpId: number): string {
  const name = relations[crtpId];
  if (name === undefined) throw new RangeError("a relation type that was not asked for");
  return name;
}

/** GSAN's char columns are padded and empty texts stand for "none". */
export function trimmed(text: string | null): string | null {
  const bare = text?.trim() ?? "";
  return bare === "" ? null : bare;
}

/** `YYYY-MM` of GSAN's integer month YYYYMM; null for none and for what is no month. */
export function monthOf(am: number | null): string | null {
  if (am === null || am < 100_001 || am > 999_912) return null;
  const month = am % 100;
  return month >= 1 && month <= 12 ? `${Math.floor(am / 100)}-${String(month).padStart(2, "0")}` : null;
}

/** GSAN months, newest first: the month of a date `YYYY-MM-DD` and those before it. */
export function monthsBack(date: string, count: number): number[] {
  const last = Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7)) - 1;
  return Array.from({ length: count }, (_, back) => Math.floor((last - back) / 12) * 100 + ((last - back) % 12) + 1);
}
