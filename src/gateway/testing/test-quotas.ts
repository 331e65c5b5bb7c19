import { QuotaSlices, type Quota } from "../limits/quota-slices.ts";
import { sliceOf } from "../limits/slice-size.ts";

/** Quotas over a store in memory whose one day lasts as long as the test. */
export function testQuotas(monotonicMs: () => number, store = { away: false }): QuotaSlices {
  const leased = new Map<string, number>();
  const dayMs = 86_400_000;
  return new QuotaSlices(
    {
      lease(quota: Quota) {
        if (store.away) return Promise.reject(new Error("away"));
        const before = leased.get(quota.key) ?? 0;
        const calls = sliceOf(quota.calls - before);
        leased.set(quota.key, before + calls);
        return Promise.resolve({ calls, rest: quota.calls - before - calls, startsOn: "2026-11-24", endsInMs: dayMs });
      },
      giveBack(quota, { calls }) {
        leased.set(quota.key, (leased.get(quota.key) ?? 0) - calls);
        return Promise.resolve();
      },
    },
    monotonicMs,
  );
}
