import { sql } from "kysely";
import type { Db } from "../db/database.ts";
import { platformTx } from "../db/tx.ts";
import type { Clock } from "../platform/clock.ts";
import { errorCode } from "../platform/error-code.ts";
import { newId } from "../platform/ids.ts";
import type { Log } from "../platform/log.ts";
import type { SealKeys } from "../platform/seal.ts";
import type { Listener } from "./address-guard.ts";
import { claimChecks, performCheck } from "./checks.ts";
import { type Claimed, claimDue, type PendingWebhook, pendingWebhooks, releaseClaims } from "./claim.ts";
import { deliver } from "./deliver.ts";
import { fanOut } from "./fan-out.ts";
import type { Resolve } from "./guarded-connect.ts";
import { reviewHeld } from "./held.ts";
import { DispatcherLease } from "./lease.ts";
import { Sender } from "./send.ts";
import { SettleQueue } from "./settle-queue.ts";
import { settle, type Settlement } from "./settle.ts";
import { type Step, StepLoop } from "./step-loop.ts";
import { TargetCache } from "./target-cache.ts";
import { listenForWakeUps, type WakeUp } from "./wake-up.ts";
import { Windows } from "./windows.ts";

export type DispatcherOptions = {
  db: Db;
  /** URL for a connection of its own that listens; any role that may connect. */
  listenUrl: string;
  keyring: SealKeys;
  log: Log;
  clock: Clock;
  nodeId: string;
  /** Listeners that no webhook may reach; asked at each use, so it may grow while the dispatcher runs. */
  forbidden: () => readonly Listener[];
  /** Deliveries under way to one webhook at a time. */
  windowSize?: number;
  /** Longest one try may take, from name lookup to the last byte of the answer. */
  sendTimeoutMs?: number;
  /** How long claims outlive the process that made them. */
  leaseMs?: number;
  /** Delay before each try, in milliseconds; the default is Standard Webhooks' schedule. */
  schedule?: readonly number[];
  resolve?: Resolve;
  random?: () => number;
};

export type Dispatcher = {
  readiness(): { ready: boolean; reason?: string };
  /** Stops taking work, lets tries under way end, writes their results, gives claims and leases back. */
  drain(deadlineMs: number): Promise<void>;
};

const defaults = { windowSize: 4, sendTimeoutMs: 15_000, leaseMs: 7_000 };
const inFlightAtMost = 1000;
const webhooksPerClaim = 100;
const checksAtOnce = 20;
/** How often a step runs when nothing wakes it: rarely while NOTIFY reaches us, each second while it does not. */
const backstopMs = { listening: 30_000, deaf: 1_000 };
const hourMs = 3_600_000;
/** ensure_event_days makes a week; a day less, because the store's midnight is not ours. */
const daysAheadMs = 6 * 24 * hourMs;
/** How long a delivery rests whose result the store refused. */
const refusedPauseMs = 60_000;

/**
 * Starts the delivery of events to webhooks. Returns at once: a store that is away now is waited for, as it is later.
 * Nothing here ends the process.
 */
export async function startDispatcher(options: DispatcherOptions): Promise<Dispatcher> {
  const dispatcher = new DispatcherRun(options);
  return { readiness: () => dispatcher.readiness(), drain: (deadlineMs) => dispatcher.drain(deadlineMs) };
}

class DispatcherRun {
  readonly #options: DispatcherOptions;
  readonly #run: string;
  readonly #lease: DispatcherLease;
  readonly #leaseMs: number;
  readonly #cache: TargetCache;
  readonly #sender: Sender;
  readonly #windows: Windows;
  readonly #results: SettleQueue;
  readonly #loops: ReadonlyMap<string, StepLoop>;
  readonly #wakeUp: WakeUp;
  readonly #checks = new Map<string, Promise<void>>();
  /** Day partitions are there until then, by the node's clock; it runs on while timers sleep (a suspended machine). */
  #daysUntilMs = 0;
  /** This run may hold claims that it does not know of. */
  #strays = false;

  constructor(options: DispatcherOptions) {
    const { db, clock, log, forbidden, resolve } = options;
    const windowSize = options.windowSize ?? defaults.windowSize;
    this.#options = options;
    this.#run = newId("run");
    this.#leaseMs = options.leaseMs ?? defaults.leaseMs;
    this.#lease = new DispatcherLease({ db, clock, run: this.#run, leaseMs: this.#leaseMs });
    this.#cache = new TargetCache(db, options.keyring, clock);
    const totalTimeoutMs = options.sendTimeoutMs ?? defaults.sendTimeoutMs;
    this.#sender = new Sender({ clock, connections: windowSize, totalTimeoutMs, forbidden, ...(resolve === undefined ? {} : { resolve }) });
    this.#windows = new Windows({ size: windowSize, total: inFlightAtMost, onRoom: () => this.#wake("claim") });
    const write = (batch: readonly Settlement[]) => settle(db, this.#run, batch);
    this.#results = new SettleQueue({ write, log, onRefused: () => this.#putOff() });
    this.#loops = new Map(this.#steps().map((step) => [step.name, new StepLoop(step, log)]));
    this.#wakeUp = listenForWakeUps({ url: options.listenUrl, log, channels: this.#channels() });
    log.info({ node: options.nodeId, run: this.#run }, "dispatcher started");
  }

  readiness(): { ready: boolean; reason?: string } {
    return this.#prepared() && this.#lease.holds() ? { ready: true } : { ready: false, reason: "store-away" };
  }

  async drain(deadlineMs: number): Promise<void> {
    const untilMs = this.#options.clock.monotonicMs() + deadlineMs;
    const left = () => Math.max(0, untilMs - this.#options.clock.monotonicMs());
    this.#windows.dropWaiting();
    const lease = this.#loops.get("lease");
    const working = [...this.#loops.values()].filter((loop) => loop !== lease).map((loop) => loop.stop());
    await within(Promise.all([...working, this.#windows.idle(), ...this.#checks.values()]), left());
    await this.#sender.close();
    await within(this.#windows.idle(), Math.min(left() + 500, 1000));
    this.#results.stop();
    await within(Promise.all([lease?.stop(), this.#wakeUp.stop()]), 500);
    await within(this.#giveBack(), Math.min(left() + 500, 2000));
  }

  #steps(): Step[] {
    return [
      { name: "lease", run: () => this.#renewLease() },
      { name: "days", run: () => this.#ensureDays() },
      { name: "fan-out", run: () => this.#fanOut() },
      { name: "checks", run: () => this.#runChecks() },
      { name: "held", run: () => this.#reviewHeld() },
      { name: "claim", run: () => this.#claim() },
    ];
  }

  #channels(): Record<string, () => void> {
    return {
      aqueduto_events: () => this.#wake("fan-out", "checks", "claim"),
      aqueduto_deliveries: () => this.#wake("claim"),
      aqueduto_policy: () => {
        this.#cache.invalidate();
        this.#wake("held");
      },
    };
  }

  #wake(...names: string[]): void {
    for (const name of names) this.#loops.get(name)?.wake();
  }

  #backstopMs(): number {
    return this.#wakeUp.connected() ? backstopMs.listening : backstopMs.deaf;
  }

  async #renewLease(): Promise<number> {
    if (await this.#lease.renew()) this.#wake("fan-out", "claim");
    return this.#leaseMs / 3.5;
  }

  async #ensureDays(): Promise<number> {
    await sql`SELECT aqueduto.ensure_event_days()`.execute(this.#options.db);
    this.#daysUntilMs = this.#options.clock.now().getTime() + daysAheadMs;
    this.#wake("fan-out", "claim");
    return hourMs;
  }

  /** Whether today's partitions surely exist; makes them when not. */
  #prepared(): boolean {
    const there = this.#options.clock.now().getTime() < this.#daysUntilMs;
    if (!there) this.#wake("days");
    return there;
  }

  async #fanOut(): Promise<number> {
    if (!this.#prepared() || !this.#lease.holds()) return backstopMs.deaf;
    const { db, clock } = this.#options;
    const done = await fanOut({ db, clock, lease: this.#lease });
    if (done > 0) this.#wake("claim");
    return this.#backstopMs();
  }

  async #runChecks(): Promise<number> {
    const { db, clock } = this.#options;
    if (!this.#lease.holds() || this.#checks.size >= checksAtOnce) return backstopMs.deaf;
    const found = await claimChecks(db, this.#run, checksAtOnce - this.#checks.size, [...this.#checks.keys()]);
    for (const check of found) {
      const options = { db, clock, cache: this.#cache, sender: this.#sender, run: this.#run };
      const work = performCheck(options, check)
        .catch((error: unknown) =>
          this.#options.log.warn({ code: errorCode(error), check: check.check_id }, "a check's result was not stored"),
        )
        .finally(() => {
          this.#checks.delete(check.check_id);
          this.#wake("checks");
        });
      this.#checks.set(check.check_id, work);
    }
    return this.#backstopMs();
  }

  async #reviewHeld(): Promise<number> {
    const { db, clock } = this.#options;
    if ((await reviewHeld(db, this.#cache, clock)) > 0) this.#wake("claim");
    return this.#backstopMs();
  }

  async #claim(): Promise<number> {
    if (!this.#prepared() || !this.#lease.holds()) return backstopMs.deaf;
    const { db } = this.#options;
    if (this.#strays) {
      // what becomes suspect from here on is for the next turn
      this.#strays = false;
      await platformTx(db, (tx) => releaseClaims(tx, this.#run, this.#windows.known())).catch((error: unknown) => {
        this.#strays = true;
        throw error;
      });
    }
    const { hooks, claimed } = await this.#claimBatch().catch((error: unknown) => {
      this.#suspectStrays();
      throw error;
    });
    const keys = claimed.map((one) => ({ tenantId: one.tenant_id, webhookId: one.webhook_id }));
    // what is claimed is started whatever this says: each try asks for its webhook again, and is put back when that fails
    await this.#cache.refresh(keys).catch(() => undefined);
    for (const one of claimed) this.#start(one);
    return claimed.length > 0 ? 0 : this.#untilDue(hooks);
  }

  #claimBatch(): Promise<{ hooks: PendingWebhook[]; claimed: Claimed[] }> {
    return platformTx(this.#options.db, async (tx) => {
      const hooks = await pendingWebhooks(tx, this.#run);
      const wanted = hooks
        .filter((hook) => hook.wait_ms !== null && hook.wait_ms <= 0)
        .map((hook) => ({ tenantId: hook.tenant_id, webhookId: hook.webhook_id, room: this.#windows.room(windowOf(hook)) }))
        .filter((hook) => hook.room > 0)
        .slice(0, webhooksPerClaim);
      const claimed = wanted.length === 0 ? [] : await claimDue(tx, this.#run, wanted);
      return { hooks, claimed };
    });
  }

  #start(claimed: Claimed): void {
    const run = async (freeSlot: () => void) => {
      const settlement = await this.#try(claimed);
      // after a 410 nothing more goes out: its slot stays taken until the webhook is disabled
      const gone = settlement?.disableWebhook === true;
      if (!gone) freeSlot();
      if (settlement === undefined) this.#suspectStrays();
      else await this.#results.push(settlement);
      if (gone) this.#cache.invalidate();
    };
    this.#windows.add({ deliveryId: claimed.delivery_id, priority: claimed.priority, window: windowOf(claimed), run });
  }

  async #try(claimed: Claimed): Promise<Settlement | undefined> {
    const { clock, log, schedule, random = Math.random } = this.#options;
    const retry = { random, ...(schedule === undefined ? {} : { schedule }) };
    try {
      return await deliver({ clock, cache: this.#cache, lease: this.#lease, sender: this.#sender, retry }, claimed);
    } catch (error) {
      log.warn({ code: errorCode(error), delivery: claimed.delivery_id }, "a delivery was put back");
      return undefined;
    }
  }

  /** Until the next retry is due; soon when another run's claims may lapse; a full window wakes us when it has room. */
  #untilDue(hooks: readonly PendingWebhook[]): number {
    const waits = hooks.map((hook) => (hook.wait_ms === null || hook.wait_ms <= 0 ? backstopMs.deaf : hook.wait_ms));
    return Math.min(this.#backstopMs(), ...waits);
  }

  #suspectStrays(): void {
    this.#strays = true;
    this.#wake("claim");
  }

  /** A result that the store does not take would be refused again: at once would be a storm on the receiver. */
  #putOff(): void {
    setTimeout(() => this.#suspectStrays(), refusedPauseMs).unref();
  }

  async #giveBack(): Promise<void> {
    const { db, log } = this.#options;
    try {
      await platformTx(db, (tx) => releaseClaims(tx, this.#run, []));
      await this.#lease.release();
    } catch (error) {
      log.warn({ code: errorCode(error) }, "claims were not given back; they lapse by themselves");
    }
  }
}

function windowOf(key: { tenant_id: string; webhook_id: string }): string {
  return `${key.tenant_id}/${key.webhook_id}`;
}

/** Resolves when the work has ended, however, or the time is over. */
async function within(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work.catch(() => undefined), over]);
  clearTimeout(timer);
}
