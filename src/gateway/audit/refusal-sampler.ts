import type { AccessRecord } from "../../contract/access-record.ts";
import { newId } from "../../platform/ids.ts";
import { createBucketStore } from "../limits/bucket-store.ts";

/** A refusal of a caller that is not recognised. */
export type Refused = { network: string; method: string; status: number; code: string; clause: string };

/**
 * Keeps the journal from being filled by callers that nobody knows: up to 10 records a second per source network, and 100
 * a second (1000 at once) in all, of their own, then one count per minute x reason x network.
 */
export type RefusalSampler = {
  /** True = write a record of its own. False = it was counted; `entryId` is the aggregate's. */
  admit(refused: Refused, at: Date): { own: true } | { own: false; entryId: string };
  /** The aggregates of minutes that are over (of all, when `all`), which it then forgets. */
  due(at: Date, all?: boolean): AccessRecord[];
  /** Takes back aggregates that could not be written: they are due again. */
  putBack(records: readonly AccessRecord[]): void;
};

type Counted = AccessRecord & { count: number };

const perNetwork = { rateMilli: 10_000, burst: 10 };
/** The same from all networks together, so that many of them cannot fill the journal either. */
const perNode = { rateMilli: 100_000, burst: 1_000 };
/** More different aggregates in one minute than this share one network name, so that memory is bounded. */
const maxAggregates = 10_000;

export function createRefusalSampler(): RefusalSampler {
  const buckets = createBucketStore();
  const all = createBucketStore();
  let counted = new Map<string, Counted>();

  function aggregateOf(refused: Refused, minute: string): Counted {
    const network = counted.size < maxAggregates ? refused.network : "other";
    const key = JSON.stringify([minute, refused.code, refused.clause, network]);
    const found = counted.get(key) ?? newAggregate({ ...refused, network }, minute);
    counted.set(key, found);
    return found;
  }

  return {
    admit(refused, at) {
      const nowUs = at.getTime() * 1000;
      if (buckets.take(refused.network, perNetwork, nowUs).allowed && all.take("", perNode, nowUs).allowed) return { own: true };
      const aggregate = aggregateOf(refused, minuteOf(at));
      aggregate.count += 1;
      return { own: false, entryId: aggregate.id };
    },
    due(at, everything = false) {
      const minute = minuteOf(at);
      const { over = [], running = [] } = Object.groupBy(counted.entries(), ([, record]) =>
        everything || record.at < minute ? "over" : "running",
      );
      counted = new Map(running);
      return over.map(([, record]) => record);
    },
    putBack(records) {
      // under its id: its own key may count a newer aggregate by now
      for (const record of records) counted.set(record.id, { ...record, count: record.count ?? 0 });
    },
  };
}

function minuteOf(at: Date): string {
  return new Date(Math.floor(at.getTime() / 60_000) * 60_000).toISOString();
}

function newAggregate(refused: Refused, minute: string): Counted {
  return {
    id: newId("aud"),
    at: minute,
    phase: "aggregate",
    method: refused.method,
    route: "*",
    status: refused.status,
    code: refused.code,
    clause: refused.clause,
    requestId: newId("req"),
    network: refused.network,
    count: 0,
  };
}
