import { setImmediate } from "node:timers/promises";
import type { Log } from "../platform/log.ts";
import type { CompileWith } from "./policy/compile-licensing.ts";
import type { PolicyChange } from "./policy/policy-rows.ts";
import { PolicyStore } from "./policy/policy-store.ts";
import type { Snapshot } from "./policy/snapshot.ts";

/** Holds the policy in use and moves it on. */
export type PolicyKeeper = {
  current(): Snapshot | undefined;
  /** Loads what is newer. Resolves when a load that began after this call is in use; rejects when it failed. */
  refresh(): Promise<void>;
  /** True when a policy of this epoch or a newer one is in use within the time. Starts a refresh. */
  applied(epoch: bigint, timeoutMs: number): Promise<boolean>;
};

/** What is known already, undefined = nothing, and the database that it was read from. */
export type LoadFrom = { known: bigint | undefined; history?: string | undefined };
/** Takes the pages of a first load. */
export type PolicySink = Pick<PolicyStore, "reserve" | "addClients" | "addAccesses" | "addTokens">;

export type KeeperOptions = CompileWith & {
  /** What is newer than `known`; undefined for nothing, `anew` when all has to be read: with nothing known. */
  load(from: LoadFrom, sink: PolicySink): Promise<PolicyChange | "anew" | undefined>;
  /** Called right after a new policy is in use. */
  onApplied(snapshot: Snapshot): void;
  log: Log;
};

/** The event loop is given back after so long. */
const sliceMs = 3;

export function createPolicyKeeper(options: KeeperOptions): PolicyKeeper {
  let snapshot: Snapshot | undefined;
  let store: PolicyStore | undefined;
  let history: string | undefined;
  let [running, queued]: (Promise<void> | undefined)[] = [];
  const waiting = new Set<() => void>();

  async function load(): Promise<void> {
    // a first load that failed half way leaves nothing behind
    const into = store ?? new PolicyStore(options);
    const change = await options.load({ known: store === undefined ? undefined : snapshot?.epoch, history }, into);
    if (change === undefined) return;
    if (change === "anew") {
      // what is known may be gone from the store, or another history's: it serves until all is read
      options.log.warn("the policy is read anew: rows were deleted, or the store is another one");
      [store, history] = [undefined, undefined];
      return load();
    }
    snapshot = await inSlices(into.apply(change));
    store = into;
    history = change.history;
    options.log.debug({ epoch: String(snapshot.epoch), tokens: snapshot.tokens.size }, "policy in use");
    options.onApplied(snapshot);
    for (const check of waiting) check();
  }

  function run(): Promise<void> {
    const work = load().finally(() => {
      running = undefined;
    });
    running = work;
    return work;
  }

  function refresh(): Promise<void> {
    if (running === undefined) return run();
    // the load under way may have read before the caller's change: one more is needed, and one serves all who wait
    queued ??= running.then(startQueued, startQueued);
    return queued;
  }

  function startQueued(): Promise<void> {
    queued = undefined;
    return run();
  }

  return {
    current: () => snapshot,
    refresh,
    applied(epoch, timeoutMs) {
      const reached = (): boolean => snapshot !== undefined && snapshot.epoch >= epoch;
      if (reached()) return Promise.resolve(true);
      return new Promise((resolve) => {
        const settle = (result: boolean): void => {
          clearTimeout(timer);
          waiting.delete(check);
          resolve(result);
        };
        const check = (): void => {
          if (reached()) settle(true);
        };
        const timer = setTimeout(() => settle(reached()), timeoutMs);
        waiting.add(check);
        refresh().catch(() => options.log.warn("the policy could not be refreshed"));
      });
    },
  };
}

/** Goes on until the end, and lets others run in between. */
async function inSlices<T>(steps: Generator<undefined, T>): Promise<T> {
  let since = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() - since < sliceMs) continue;
    await setImmediate();
    since = performance.now();
  }
}
