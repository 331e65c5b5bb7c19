/** Prices of the synthetic utility in cents: a minimum for the first 10 m3 of each unit, then rising blocks. */
const MINIMUM_VOLUME = 10;
const MINIMUM_CENTS = [0, 4840, 7120, 9150, 6980] as const;
const BLOCKS: readonly { upTo: number; cents: number }[] = [
  { upTo: 20, cents: 555 },
  { upTo: 30, cents: 660 },
  { upTo: 50, cents: 907 },
  { upTo: Number.MAX_SAFE_INTEGER, cents: 1074 },
];

export type Tariff = { category: number; units: number; sewerPercent: number };

export type BillAmounts = { waterCents: number; sewerCents: number };

/** Water and sewage of a bill for a volume in m3; the volume is shared equally by the units. */
export function billAmounts(volume: number, tariff: Tariff): BillAmounts {
  const perUnit = Math.ceil(volume / tariff.units);
  let cents = MINIMUM_CENTS[tariff.category] ?? MINIMUM_CENTS[1];
  let from = MINIMUM_VOLUME;
  for (const block of BLOCKS) {
    cents += Math.max(0, Math.min(perUnit, block.upTo) - from) * block.cents;
    from = block.upTo;
  }
  const waterCents = cents * tariff.units;
  return { waterCents, sewerCents: Math.round((waterCents * tariff.sewerPercent) / 100) };
}

/** Volume billed as sewage. */
export function sewerVolume(volume: number, sewerPercent: number): number {
  return sewerPercent === 0 ? 0 : volume;
}
