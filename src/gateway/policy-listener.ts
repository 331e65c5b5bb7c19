import pg from "pg";
import type { Log } from "../platform/log.ts";

export type PolicyListener = { close(): Promise<void> };

const firstRetryMs = 250;
const longestRetryMs = 5_000;

/**
 * Listens to `aqueduto_policy` on a connection of its own and calls `onChange` for each notice, and after each
 * (re)connect, because notices of the time between are lost. Goes on for ever; `close` ends it.
 */
export function startPolicyListener(options: { url: string; onChange(): void; log: Log }): PolicyListener {
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let retryMs = firstRetryMs;

  async function connect(): Promise<void> {
    const next = new pg.Client({
      connectionString: options.url,
      application_name: "aqueduto-policy-listener",
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
    });
    client = next;
    next.on("notification", () => options.onChange());
    next.on("error", () => again(next));
    next.on("end", () => again(next));
    try {
      await next.connect();
      await next.query("LISTEN aqueduto_policy");
      retryMs = firstRetryMs;
      options.onChange();
    } catch {
      again(next);
    }
  }

  function again(lost: pg.Client): void {
    if (closed || client !== lost) return;
    client = undefined;
    lost.end().catch(() => undefined);
    options.log.warn({ retryMs }, "policy listener lost its connection");
    timer = setTimeout(() => void connect(), retryMs);
    retryMs = Math.min(longestRetryMs, retryMs * 2);
  }

  void connect();
  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined);
    },
  };
}
