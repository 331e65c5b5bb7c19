export type RetrySettings = {
  /** Retries that each call allows, e.g. 0.1 = one in ten. */
  retryRatio: number;
  /** Allowed besides, so that a quiet service can be asked again too. */
  retriesPerSecond: number;
};

/** Retries saved up at most: after a quiet or good time a failure must not set off a storm. */
export const savedRetries = 10;

/** What a service has left for retries, so that they never multiply the load on one that is failing. */
export type RetryBudget = { tokens: number; atMs: number };

export function fullBudget(nowMs: number): RetryBudget {
  return { tokens: savedRetries, atMs: nowMs };
}

/** Each first try pays in. */
export function payIn(budget: RetryBudget, settings: RetrySettings): void {
  budget.tokens = Math.min(savedRetries, budget.tokens + settings.retryRatio);
}

/** True when one more retry is allowed, and takes it. */
export function takeRetry(budget: RetryBudget, settings: RetrySettings, nowMs: number): boolean {
  const passedMs = Math.max(0, nowMs - budget.atMs);
  budget.tokens = Math.min(savedRetries, budget.tokens + (passedMs * settings.retriesPerSecond) / 1000);
  budget.atMs = nowMs;
  if (budget.tokens < 1) return false;
  budget.tokens -= 1;
  return true;
}
