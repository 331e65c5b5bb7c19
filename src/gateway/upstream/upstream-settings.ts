import { isRecord } from "../projection/json-schema.ts";
import type { BreakerSettings } from "./breaker.ts";
import type { RetrySettings } from "./retry-budget.ts";

/** How calls of one service are spread, bounded and cut off. */
export type UpstreamSettings = BreakerSettings &
  RetrySettings & {
    /** Calls under way or waiting at one target; more are refused at once. */
    maxPending: number;
  };

export const defaultSettings: UpstreamSettings = {
  windowMs: 10_000,
  minCalls: 20,
  failureRatio: 0.5,
  failuresInRow: 5,
  openMs: 1_000,
  maxOpenMs: 30_000,
  retryRatio: 0.1,
  retriesPerSecond: 1,
  maxPending: 256,
};

/** Name in `x-targets` of the service's document -> setting, with the least and the most that is taken. */
const known = {
  window_ms: ["windowMs", 1_000, 300_000],
  min_calls: ["minCalls", 1, 100_000],
  failure_ratio: ["failureRatio", 0.01, 1],
  failures_in_row: ["failuresInRow", 1, 1_000],
  open_ms: ["openMs", 100, 60_000],
  max_open_ms: ["maxOpenMs", 100, 600_000],
  retry_ratio: ["retryRatio", 0, 1],
  retries_per_second: ["retriesPerSecond", 0, 100],
  max_pending: ["maxPending", 1, 10_000],
} as const satisfies Record<string, readonly [keyof UpstreamSettings, number, number]>;

/** Reads `x-targets`; what is not there or no number keeps its default, what is out of bounds is held within them. */
export function upstreamSettings(given: unknown): UpstreamSettings {
  const settings = { ...defaultSettings };
  for (const [name, [setting, least, most]] of Object.entries(known)) {
    const value = isRecord(given) ? given[name] : undefined;
    if (typeof value === "number" && Number.isFinite(value)) settings[setting] = Math.min(most, Math.max(least, value));
  }
  settings.maxOpenMs = Math.max(settings.maxOpenMs, settings.openMs);
  return settings;
}
