import { AppError } from "../../contract/errors.ts";
import { parseFutureInstant } from "../instants.ts";

const minuteMs = 60_000;
const named: Readonly<Record<string, number>> = { "0": 0, "15m": 15 * minuteMs, "1h": 60 * minuteMs, "24h": 24 * 60 * minuteMs };
const longestMs = 30 * 24 * 60 * minuteMs;

/**
 * Until when the token before a regeneration stays valid; null = no longer. `0`, `15m`, `1h`, `24h`, or an instant at
 * most 30 days ahead. Never beyond an end in `ends` (of license, access, that token): a named overlap is cut to it, a
 * chosen instant beyond the license (`ends[0]`) is refused, so that nobody plans with a time that will not be kept.
 */
export function retiringUntil(overlap: string, now: Date, ends: readonly [Date, ...(Date | null)[]]): Date | null {
  const wanted = wantedEnd(overlap, now, ends[0]);
  const until = Math.min(wanted.getTime(), ...ends.filter((end) => end !== null).map((end) => end.getTime()));
  return until > now.getTime() ? new Date(until) : null;
}

function wantedEnd(overlap: string, now: Date, licenseEnd: Date): Date {
  if (Object.hasOwn(named, overlap)) return new Date(now.getTime() + (named[overlap] ?? 0));
  const pointer = "/body/overlap";
  const at = parseFutureInstant(overlap, now, pointer);
  if (at.getTime() > now.getTime() + longestMs) throw new AppError("invalid-field", "an overlap lasts at most 30 days", { pointer });
  if (at > licenseEnd) throw new AppError("invalid-field", "the license ends before this overlap", { pointer });
  return at;
}
