/** One closing line of a bench. A MUST that is missed or was not measured fails the run. */
export type Verdict = { kind: "MUST" | "GOAL"; name: string; figure: string; limit: string; outcome: "ok" | "missed" | "not measured" };

/** The value below which a share `p` (0 to 1) of the sorted values lies (nearest rank). */
export function percentile(sorted: number[], p: number): number {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * p) - 1))] ?? Number.NaN;
}

/** A verdict on a figure that must not exceed its limit. */
export function atMost(kind: Verdict["kind"], name: string, measured: { value: number; limit: number; unit: string }): Verdict {
  const { value, limit, unit } = measured;
  const outcome = Number.isNaN(value) ? "not measured" : value <= limit ? "ok" : "missed";
  return { kind, name, figure: `${value.toFixed(value < 10 ? 2 : 0)}${unit}`, limit: `<=${limit}${unit}`, outcome };
}
