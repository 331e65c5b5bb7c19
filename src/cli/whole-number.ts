import { CommandError } from "./failure.ts";

/** The value of a number option: decimal digits alone, within bounds. Throws CommandError that names option and bounds. */
export function wholeNumber(text: string, { option, from, to }: { option: string; from: number; to?: number }): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  if (value !== undefined && value >= from && value <= (to ?? value)) return value;
  throw new CommandError(`${option} is a whole number, ${to === undefined ? `at least ${from}` : `${from} to ${to}`}`, { usage: true });
}
