import { Worker } from "node:worker_threads";
import type { Log } from "../platform/log.ts";

export type PolicyListener = {
  /** The newest epoch that the store is known to have; 0 before the first word from it. Read from shared memory. */
  newest(): bigint;
  close(): Promise<void>;
};

/** What the thread says: the store has a newer epoch, or its connection was lost. */
export type ListenerMessage = { kind: "change" } | { kind: "lost"; retryMs: number };
export type ListenerData = { url: string; epoch: SharedArrayBuffer };

const restartMs = 1_000;

/**
 * Listens to `aqueduto_policy` on a thread and a connection of its own, so that also a busy node learns of a change, and
 * asks for the epoch each second, because notices can be lost. `onChange` is called for each newer epoch and after each
 * (re)connect. Goes on for ever; `close` ends it.
 */
export function startPolicyListener(options: { url: string; onChange(): void; log: Log }): PolicyListener {
  const epoch = new BigInt64Array(new SharedArrayBuffer(8));
  const data: ListenerData = { url: options.url, epoch: epoch.buffer };
  let worker: Worker;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function begin(): void {
    worker = new Worker(new URL("./policy-listener-thread.ts", import.meta.url), { workerData: data });
    worker.on("message", (message: ListenerMessage) => {
      if (closed) return;
      if (message.kind === "change") options.onChange();
      else options.log.warn({ retryMs: message.retryMs }, "policy listener lost its connection");
    });
    worker.on("error", (error) => options.log.error({ err: error }, "policy listener ended; it is started again"));
    worker.on("exit", () => {
      // the heartbeat finds newer epochs meanwhile
      if (!closed) timer = setTimeout(begin, restartMs);
    });
  }

  begin();
  return {
    newest: () => Atomics.load(epoch, 0),
    async close() {
      closed = true;
      clearTimeout(timer);
      await worker.terminate();
    },
  };
}
