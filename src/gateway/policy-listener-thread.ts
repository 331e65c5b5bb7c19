import { parentPort, workerData } from "node:worker_threads";
import pg from "pg";
import type { ListenerData, ListenerMessage } from "./policy-listener.ts";

// The thread of policy-listener.ts: writes the newest epoch into shared memory first, then wakes the node.

const firstRetryMs = 250;
const longestRetryMs = 5_000;
const checkEveryMs = 1_000;

const { url, epoch: shared } = workerData as ListenerData;
const epoch = new BigInt64Array(shared);
let client: pg.Client | undefined;
// undefined until it listens: one query at a time
let listening: pg.Client | undefined;
let asking = false;
let retryMs = firstRetryMs;

function say(message: ListenerMessage): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
  parentPort?.postMessage(message);
}

function learn(newest: bigint): void {
  if (newest <= Atomics.load(epoch, 0)) return;
  Atomics.store(epoch, 0, newest);
  say({ kind: "change" });
}

async function check(of: pg.Client): Promise<void> {
  const { rows } = await of.query<{ epoch: string }>("SELECT epoch::text FROM aqueduto.policy_epoch");
  if (rows[0] !== undefined) learn(BigInt(rows[0].epoch));
}

async function connect(): Promise<void> {
  const next = new pg.Client({
    connectionString: url,
    application_name: "aqueduto-policy-listener",
    connectionTimeoutMillis: 5_000,
    query_timeout: 5_000,
    keepAlive: true,
  });
  client = next;
  next.on("notification", (notice) => learn(/^\d{1,18}$/.test(notice.payload ?? "") ? BigInt(notice.payload ?? "") : 0n));
  next.on("error", () => again(next));
  next.on("end", () => again(next));
  try {
    await next.connect();
    await next.query("LISTEN aqueduto_policy");
    await check(next);
    listening = next;
    retryMs = firstRetryMs;
    say({ kind: "change" });
  } catch {
    again(next);
  }
}

function again(lost: pg.Client): void {
  if (client !== lost) return;
  client = undefined;
  listening = undefined;
  lost.end().catch(() => undefined);
  say({ kind: "lost", retryMs });
  setTimeout(() => void connect(), retryMs);
  retryMs = Math.min(longestRetryMs, retryMs * 2);
}

setInterval(() => {
  const asked = listening;
  if (asked === undefined || asking) return;
  asking = true;
  check(asked)
    .catch(() => again(asked))
    .finally(() => {
      asking = false;
    });
}, checkEveryMs);
void connect();
