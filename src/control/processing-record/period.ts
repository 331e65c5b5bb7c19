import { AppError } from "../../contract/errors.ts";

export type Period = { from: Date; to: Date };

const mostMonths = 24;

/** Whole months (UTC) from `from` to `to`, both included; at most 24. `to` of the result is the instant after the last. */
export function parsePeriod(input: { from: string; to?: string }): Period {
  const first = monthOf(input.from);
  const last = monthOf(input.to ?? input.from);
  if (last < first) throw new AppError("invalid-field", "the last month lies before the first", { pointer: "/body/to" });
  if (last - first >= mostMonths) throw new AppError("invalid-field", `at most ${mostMonths} months`, { pointer: "/body/to" });
  return { from: startOf(first), to: startOf(last + 1) };
}

function monthOf(text: string): number {
  return Number(text.slice(0, 4)) * 12 + Number(text.slice(5, 7)) - 1;
}

function startOf(month: number): Date {
  return new Date(Date.UTC(Math.floor(month / 12), month % 12, 1));
}
