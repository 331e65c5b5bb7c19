/** A token bucket: `rateMilli` thousandths of a call a second flow back, at most `burst` calls are saved up. Both are integers. */
export type Limit = { rateMilli: number; burst: number };

/**
 * State of one bucket in its leaky form (the generic cell rate algorithm kept as debt instead of as a date): `debt` is what
 * was taken and has not flowed back, in 1e-9 calls, at `atUs` (integer microseconds that never go back).
 * Integers only, so nothing is lost or gained by rounding: rateMilli * microseconds is exactly 1e-9 calls.
 */
export type Bucket = { debt: number; atUs: number };

export type Verdict = {
  allowed: boolean;
  /** Whole calls that would be let through right now. */
  remaining: number;
  /** Microseconds until one call is let through; 0 when it would be now. */
  retryAfterUs: number;
  /** Microseconds until the bucket is full again. */
  fullAfterUs: number;
};

/** A call in the unit of debts. */
export const oneCall = 1_000_000_000;

/** Largest burst whose debt stays an exact integer in a double; a larger one is treated as this. */
export const largestBurst = 9_000_000;

/** What is owed at `nowUs`. A clock that went back adds nothing and takes nothing. */
export function debtAt(bucket: Bucket, limit: Limit, nowUs: number): number {
  const passedUs = Math.max(0, nowUs - bucket.atUs);
  if (bucket.debt === 0) return 0;
  // past this many microseconds the debt is gone; the product below then cannot leave the exact range
  if (passedUs >= bucket.debt / limit.rateMilli) return 0;
  return bucket.debt - passedUs * limit.rateMilli;
}

/** Takes one call from the bucket when it holds one. Changes `bucket` in place. */
export function takeCall(bucket: Bucket, limit: Limit, nowUs: number): Verdict {
  const before = debtAt(bucket, limit, nowUs);
  const allowed = before + oneCall <= capacityOf(limit);
  bucket.debt = allowed ? before + oneCall : before;
  bucket.atUs = Math.max(bucket.atUs, nowUs);
  return { ...verdictOf(bucket.debt, limit), allowed };
}

/** What the next call would meet, without taking it. */
export function viewBucket(bucket: Bucket, limit: Limit, nowUs: number): Verdict {
  return verdictOf(debtAt(bucket, limit, nowUs), limit);
}

function capacityOf(limit: Limit): number {
  return Math.min(limit.burst, largestBurst) * oneCall;
}

function verdictOf(debt: number, limit: Limit): Verdict {
  const capacity = capacityOf(limit);
  return {
    allowed: debt + oneCall <= capacity,
    remaining: Math.max(0, Math.floor((capacity - debt) / oneCall)),
    retryAfterUs:
      limit.rateMilli === 0 ? never(debt + oneCall - capacity) : Math.max(0, Math.ceil((debt + oneCall - capacity) / limit.rateMilli)),
    fullAfterUs: limit.rateMilli === 0 ? never(debt) : Math.ceil(debt / limit.rateMilli),
  };
}

/** A share of nothing never fills by itself: it is worth a look when shares may have moved. */
function never(missing: number): number {
  return missing > 0 ? 1_000_000 : 0;
}
