import { within } from "./within.ts";

/** So many calls in all in each day or month of the tenant's calendar. */
export type Quota = {
  /** Of the quota among all: tenant, holder and kind. */
  readonly key: string;
  readonly tenantId: string;
  /** License, or publishable access, whose calls it counts. */
  readonly holder: string;
  readonly kind: "day" | "month";
  readonly calls: number;
};

/** What the store gave: a slice of the period that began on `startsOn` and ends after `endsInMs`, and what it has left. */
export type Granted = { calls: number; rest: number; startsOn: string; endsInMs: number };

export type QuotaRows = {
  lease(quota: Quota): Promise<Granted>;
  giveBack(quota: Quota, slice: { startsOn: string; calls: number }): Promise<void>;
};

export type QuotaState = {
  /** Calls that may still be served in this period, as far as this node knows. */
  left: number;
  endsInMs: number;
};

/** ready: a call is in hand. spent: the period's calls are used up. absent: nothing is in hand, the store has to be asked. */
export type InHand = "ready" | "spent" | "absent";

type Slice = {
  quota: Quota;
  inHand: number;
  given: number;
  rest: number;
  startsOn: string;
  untilMs: number;
  askAgainMs: number;
  usedMs: number;
};

const fillTimeoutMs = 1_000;
/** Others may give back what they did not use. */
const askAgainMs = 2_000;
/** A slice that nobody needs goes back. */
const idleMs = 10_000;
/** Below this part of what was given, more is fetched before it is needed. */
const lowPart = 4;

/**
 * Quotas on this node: each call takes from the slice in hand, without a wait; slices come from the store, which has counted
 * them as used by then. So the quota is never exceeded, whatever nodes do, and a node that is killed loses its slice at most.
 * Time is monotonic and from before the request was sent: a slice is not used past its period.
 */
export class QuotaSlices {
  readonly #slices = new Map<string, Slice>();
  readonly #fills = new Map<string, Promise<void>>();
  readonly #leases = new Set<Promise<void>>();
  readonly #rows: QuotaRows;
  readonly #monotonicMs: () => number;
  #isClosed = false;

  constructor(rows: QuotaRows, monotonicMs: () => number) {
    this.#rows = rows;
    this.#monotonicMs = monotonicMs;
  }

  look(quota: Quota): InHand {
    const nowMs = this.#monotonicMs();
    const slice = this.#slices.get(quota.key);
    if (slice === undefined || nowMs >= slice.untilMs || this.#isClosed) return "absent";
    // the license may have another quota since
    slice.quota = quota;
    slice.usedMs = nowMs;
    if (slice.inHand > 0) return "ready";
    return slice.rest === 0 && nowMs < slice.askAgainMs ? "spent" : "absent";
  }

  /** One call, of a quota that was `ready` in the same turn. */
  take(quota: Quota): void {
    const slice = this.#slices.get(quota.key);
    if (slice !== undefined) slice.inHand -= 1;
  }

  view(quota: Quota): QuotaState | undefined {
    const slice = this.#slices.get(quota.key);
    const nowMs = this.#monotonicMs();
    if (slice === undefined || nowMs >= slice.untilMs) return undefined;
    return { left: slice.inHand + slice.rest, endsInMs: slice.untilMs - nowMs };
  }

  /** Asks the store for a slice, once for all who wait; rejects when it does not answer. */
  fill(quota: Quota): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error("closed"));
    let filling = this.#fills.get(quota.key);
    if (filling === undefined) {
      const lease = this.#lease(quota);
      this.#leases.add(lease);
      lease.finally(() => this.#leases.delete(lease)).catch(() => undefined);
      // what comes after the time is kept for later calls; the next one asks anew
      filling = within(lease, fillTimeoutMs).finally(() => this.#fills.delete(quota.key));
      this.#fills.set(quota.key, filling);
    }
    return filling;
  }

  /** Background work: fetches what runs low, gives back what nobody needs, forgets what is over. */
  async tend(): Promise<void> {
    const nowMs = this.#monotonicMs();
    for (const [key, slice] of this.#slices) {
      if (nowMs >= slice.untilMs) this.#slices.delete(key);
      else if (nowMs - slice.usedMs >= idleMs) await this.#drop(key, slice);
      else if (slice.rest > 0 && slice.inHand * lowPart < slice.given) await this.fill(slice.quota);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#leases);
    await Promise.allSettled([...this.#slices].map(([key, slice]) => this.#drop(key, slice)));
  }

  size(): number {
    return this.#slices.size;
  }

  async #lease(quota: Quota): Promise<void> {
    const sentMs = this.#monotonicMs();
    const granted = await this.#rows.lease(quota);
    const known = this.#slices.get(quota.key);
    // of a period that is over
    if (known !== undefined && granted.startsOn < known.startsOn) return;
    const same = known?.startsOn === granted.startsOn ? known : undefined;
    this.#slices.set(quota.key, {
      quota,
      inHand: (same?.inHand ?? 0) + granted.calls,
      given: granted.calls,
      rest: granted.rest,
      startsOn: granted.startsOn,
      untilMs: sentMs + granted.endsInMs,
      askAgainMs: sentMs + askAgainMs,
      usedMs: sentMs,
    });
  }

  async #drop(key: string, slice: Slice): Promise<void> {
    // first out of hand, then to the store: a failure loses the slice and never doubles it
    this.#slices.delete(key);
    if (slice.inHand > 0) await this.#rows.giveBack(slice.quota, { startsOn: slice.startsOn, calls: slice.inHand });
  }
}
