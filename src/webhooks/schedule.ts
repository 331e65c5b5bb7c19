const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/**
 * Delay before each try, in milliseconds, counted from the end of the try before (Standard Webhooks 1.0.0): ten tries
 * over 75 h 35 min.
 */
export const standardScheduleMs: readonly number[] = [
  0,
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
];

/** A receiver cannot push a try further away than this. */
export const longestRetryAfterMs = 24 * hour;

/** Share of the delay by which a try may come later, so that retries of one outage do not return at once. */
const jitterShare = 0.1;

/**
 * Milliseconds until the next try after `triesMade` failed ones, or undefined when the schedule is used up.
 * Never earlier than the schedule says, nor than the receiver's Retry-After (up to a day); at most a tenth later.
 * `random` is in [0, 1).
 */
export function nextDelayMs(
  triesMade: number,
  options: { schedule?: readonly number[]; retryAfterMs?: number | undefined; random: () => number },
): number | undefined {
  const planned = (options.schedule ?? standardScheduleMs)[triesMade];
  if (planned === undefined) return undefined;
  const asked = Math.min(Math.max(options.retryAfterMs ?? 0, 0), longestRetryAfterMs);
  const base = Math.max(planned, asked);
  return Math.round(base * (1 + jitterShare * options.random()));
}

/** Milliseconds of a Retry-After header: seconds or an HTTP date (RFC 9110 10.2.3); undefined when it is neither. */
export function parseRetryAfter(value: string | undefined, now: Date): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * second;
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime());
}
