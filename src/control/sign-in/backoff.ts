/**
 * How failures turn into waiting: up to `free` cost nothing, from there `baseMs` doubles with each, never beyond `mostMs`.
 * One failure is forgotten for each whole `forgetMs` without a try.
 */
export type Backoff = { free: number; baseMs: number; mostMs: number; forgetMs: number };

const minute = 60_000;

/** By account: bounded, so that others' guesses keep nobody out for longer than this. */
export const accountBackoff: Backoff = { free: 5, baseMs: 30_000, mostMs: 15 * minute, forgetMs: 30 * minute };

/** By network address, which a whole office may share. */
export const addressBackoff: Backoff = { free: 30, baseMs: 30_000, mostMs: 15 * minute, forgetMs: 2 * minute };

/** How long to wait after the `failures`-th failure. */
export function waitMs(failures: number, by: Backoff): number {
  if (failures < by.free) return 0;
  // 2 ** 30 is far beyond every bound; the exponent stays small whatever the count
  return Math.min(by.baseMs * 2 ** Math.min(failures - by.free, 30), by.mostMs);
}

/** What is left of a count after a quiet time. */
export function leftAfter(failures: number, quietMs: number, by: Backoff): number {
  return Math.max(failures - Math.floor(Math.max(quietMs, 0) / by.forgetMs), 0);
}
