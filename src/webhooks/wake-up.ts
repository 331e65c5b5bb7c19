import pg from "pg";
import { errorCode } from "../platform/error-code.ts";
import type { Log } from "../platform/log.ts";

export type WakeUp = { connected(): boolean; stop(): Promise<void> };

const retryDelaysMs = [100, 250, 500, 1000, 2000, 5000];

/**
 * Listens for NOTIFY on a connection of its own and calls the channel's function. When the connection is lost it connects
 * again for ever, with backoff, and then calls every function once: what was told meanwhile is made up for.
 */
export function listenForWakeUps(options: { url: string; channels: Readonly<Record<string, () => void>>; log: Log }): WakeUp {
  const { url, channels, log } = options;
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let connected = false;
  let stopped = false;
  let failures = 0;

  function lost(which: pg.Client, error?: unknown): void {
    if (client !== which) return;
    client = undefined;
    connected = false;
    void which.end().catch(() => undefined);
    if (stopped) return;
    if (failures === 0) log.warn({ code: errorCode(error) }, "the wake-up connection to the store was lost");
    timer = setTimeout(open, retryDelaysMs[Math.min(failures, retryDelaysMs.length - 1)]);
    failures += 1;
  }

  function open(): void {
    const fresh = new pg.Client({
      connectionString: url,
      application_name: "aqueduto-dispatcher-listen",
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      connectionTimeoutMillis: 5_000,
    });
    client = fresh;
    fresh.on("error", (error) => lost(fresh, error));
    fresh.on("end", () => lost(fresh));
    fresh.on("notification", (message) => channels[message.channel]?.());
    void subscribe(fresh, Object.keys(channels)).then(
      () => {
        connected = client === fresh;
        failures = 0;
        for (const wake of Object.values(channels)) wake();
      },
      (error: unknown) => lost(fresh, error),
    );
  }

  async function stop(): Promise<void> {
    stopped = true;
    clearTimeout(timer);
    const current = client;
    client = undefined;
    await current?.end().catch(() => undefined);
  }

  open();
  return { connected: () => connected, stop };
}

async function subscribe(client: pg.Client, channels: readonly string[]): Promise<void> {
  await client.connect();
  for (const channel of channels) await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
}
