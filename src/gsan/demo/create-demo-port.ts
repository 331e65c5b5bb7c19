import pg from "pg";
import type { DemoBaseInput, DemoBaseProgress, DemoPort } from "../../contract/demo-port.ts";
import { AppError } from "../../contract/errors.ts";
import { dayText } from "./calendar.ts";
import { rebuildDemoBase } from "./create-demo-base.ts";
import type { DemoBase, DemoBaseOptions } from "./create-demo-base.ts";
import { closeMonth } from "./payment/close-month.ts";
import { pay, utilityTime } from "./payment/pay.ts";
import type { UtilityClock } from "./payment/pay.ts";
import { reverse } from "./payment/reverse.ts";
import type { IsDelivered } from "./payment/reverse.ts";

export type DemoPortOptions = {
  /** The base that `createDemoBase` returned. */
  base: DemoBase;
  clock: UtilityClock;
  /** How a rebuild is done; properties, seed and reference date come from the request and the clock. */
  server: Pick<DemoBaseOptions, "adminUrl" | "name" | "reader" | "encoding" | "aroundSwap">;
  isDelivered?: IsDelivered;
};

const DEFAULT_SEED = 1;

/** The implementation of the demo's port; `close` ends its connections. */
export function createDemoPort(options: DemoPortOptions): DemoPort & { close(): Promise<void> } {
  const { clock, isDelivered } = options;
  const pool = new pg.Pool({ connectionString: options.base.url, max: 4, application_name: "aqueduto-demo" });
  // a rebuild ends these connections; the pool opens new ones
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  let rebuilding = false;
  async function* base(input: DemoBaseInput): AsyncGenerator<DemoBaseProgress> {
    if (rebuilding) {
      throw new AppError("conflict", "the demo base is being built already");
    }
    rebuilding = true;
    try {
      yield* rebuild(options, input);
    } finally {
      rebuilding = false;
    }
  }
  return {
    pay: (input) => pay(pool, input, clock),
    closeMonth: () => closeMonth(pool, clock),
    reverse: (input) => reverse(pool, input, { clock, isDelivered }),
    base,
    close: () => pool.end(),
  };
}

type Feed = { newest: DemoBaseProgress | undefined; finished: boolean; wake: () => void };

/** Progress as it happens; of what piles up while nobody reads, the newest alone is kept. */
async function* rebuild(options: DemoPortOptions, input: DemoBaseInput): AsyncGenerator<DemoBaseProgress> {
  const feed: Feed = { newest: undefined, finished: false, wake: () => undefined };
  const work = startRebuild(options, input, feed);
  // a failure is thrown below, after the last progress; until then it is not unhandled
  work.catch(() => undefined);
  try {
    while (!feed.finished || feed.newest !== undefined) {
      const progress = await nextProgress(feed);
      if (progress !== undefined) {
        yield progress;
      }
    }
  } finally {
    await work;
  }
}

function startRebuild(options: DemoPortOptions, input: DemoBaseInput, feed: Feed): Promise<DemoBase> {
  return rebuildDemoBase({
    ...options.server,
    properties: input.properties,
    seed: input.seed ?? DEFAULT_SEED,
    referenceDate: dayText(utilityTime(options.clock).day),
    onProgress: (progress) => {
      feed.newest = progress;
      feed.wake();
    },
  }).finally(() => {
    feed.finished = true;
    feed.wake();
  });
}

async function nextProgress(feed: Feed): Promise<DemoBaseProgress | undefined> {
  if (feed.newest === undefined && !feed.finished) {
    await new Promise<void>((resolve) => {
      feed.wake = resolve;
    });
  }
  const progress = feed.newest;
  feed.newest = undefined;
  return progress;
}
