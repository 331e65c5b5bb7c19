import { setTimeout } from "node:timers/promises";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import { leaseMs, type NodeRow } from "./node-row.ts";
import type { PolicyKeeper } from "./policy-keeper.ts";

/** held: the store is there. island: it is not, the frozen policy serves. away: the grace is over (or nothing was ever held), nothing serves. */
export type LeaseState = "held" | "island" | "away";

export type NodeLease = {
  state(): LeaseState;
  /** Renews at once, e.g. to acknowledge a policy that has just come into use. */
  beat(): Promise<void>;
  close(): Promise<void>;
};

const beatMs = 300;
/** A renewal that takes longer counts as failed; its answer, should it come, is not used. */
const renewalTimeoutMs = 2_000;

export type LeaseOptions = { row: NodeRow; keeper: PolicyKeeper; graceMs: number; clock: Clock; log: Log };

/**
 * Keeps the node's two bounds. Time is the node's monotonic clock from before a renewal was sent, so the node never
 * counts on more than the store has written. After a lost lease, and while a newer policy is known, that policy is loaded
 * before the renewal; and a renewal counts only once the policy is in use that was the newest after it. Whoever revoked
 * while the row said that this node serves no more did not wait for it.
 */
export function createNodeLease(options: LeaseOptions): NodeLease {
  const { row, keeper, graceMs, clock, log } = options;
  const servesMs = Math.max(graceMs, leaseMs);
  let renewedMs = Number.NEGATIVE_INFINITY;
  let seen: LeaseState = "away";
  // the store has a newer policy than is in use; a node that cannot load it must not renew as if it had
  let behind = false;
  let closed = false;
  const renewals = new Set<Promise<void>>();

  function state(): LeaseState {
    const since = clock.monotonicMs() - renewedMs;
    if (since < leaseMs) return "held";
    return since < servesMs ? "island" : "away";
  }

  async function renew(): Promise<void> {
    if (state() !== "held" || behind) await keeper.refresh();
    behind = false;
    const snapshot = keeper.current();
    if (snapshot === undefined || closed) return;
    const sentMs = clock.monotonicMs();
    const newest = await row.renew(snapshot.epoch);
    if (clock.monotonicMs() - sentMs > renewalTimeoutMs) return;
    if (newest < snapshot.epoch) {
      // another history: what was just written is not this store's, so the next beat writes it anew
      await keeper.refresh();
      return;
    }
    behind = newest > snapshot.epoch;
    if (behind) await keeper.refresh();
    behind = false;
    renewedMs = Math.max(renewedMs, sentMs);
  }

  async function beat(): Promise<void> {
    if (closed) return;
    const renewal = renew().finally(() => renewals.delete(renewal));
    renewals.add(renewal);
    try {
      await within(renewal, renewalTimeoutMs);
    } catch (error) {
      log.debug({ err: error }, "the node's lease was not renewed");
    }
    const now = state();
    if (now !== seen) log[now === "held" ? "info" : "error"]({ from: seen, to: now }, "node lease");
    seen = now;
  }

  const loop = startLoop(beat);
  return {
    state,
    beat,
    async close() {
      closed = true;
      await loop.close();
      // a renewal that arrives after the stop would bring the row back to life
      await within(Promise.allSettled(renewals), renewalTimeoutMs).catch(() => undefined);
      await within(row.stop(), renewalTimeoutMs).catch(() => undefined);
      renewedMs = Number.NEGATIVE_INFINITY;
    },
  };
}

function startLoop(work: () => Promise<void>): { close(): Promise<void> } {
  const ending = new AbortController();
  const done = loop(work, ending.signal);
  return {
    close() {
      ending.abort();
      return done;
    },
  };
}

async function loop(work: () => Promise<void>, ending: AbortSignal): Promise<void> {
  while (!ending.aborted) {
    // the pause ends early when the node does
    await setTimeout(beatMs, undefined, { signal: ending }).catch(() => undefined);
    if (!ending.aborted) await work();
  }
}

async function within<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  const ended = new AbortController();
  const late = setTimeout(timeoutMs, undefined, { signal: ended.signal }).then(() => {
    throw new Error("timeout");
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    ended.abort();
    late.catch(() => undefined);
    work.catch(() => undefined);
  }
}
