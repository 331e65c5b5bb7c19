import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { openJournal } from "../../src/audit/journal.ts";
import { startJournalShipper } from "../../src/audit/journal-shipper.ts";
import { openDatabase } from "../../src/db/database.ts";
import { startGateway } from "../../src/gateway/start-gateway.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createLog } from "../../src/platform/log.ts";

/** What the parent says once: where the store is, and the keys, of this run alone. */
export type Order = {
  url: string;
  directory: string;
  /** Ships the journal to the store, as a node does; off to see what that costs. */
  ships: boolean;
  keys: { name: "pepper" | "data" | "reference" | "subject"; kid: string; key: string }[];
};

export type Ready = { port: number };

// the gateway role as the platform starts it, in a process of its own so that its processor time is its own
process.once("message", (order: Order) => void serve(order));

async function serve(order: Order): Promise<void> {
  const log = createLog("error");
  const { db, close } = openDatabase({ url: order.url, max: 4, applicationName: "aqueduto-bench-gateway" });
  const dir = await mkdtemp(join(order.directory, "journal-"));
  const journal = await openJournal({ dir, nodeId: "nod_bench", log, sync: "interval" });
  const shipper = order.ships ? startJournalShipper({ dir, db, log, clock: systemClock, journal }) : undefined;
  const keys = Object.fromEntries(order.keys.map(({ name, kid, key }) => [name, { kid, key: Buffer.from(key, "base64") }]));
  const [pepper, data, reference, subject] = (["pepper", "data", "reference", "subject"] as const).map((name) => {
    const found = keys[name];
    if (found === undefined) throw new Error(`the key ${name} is missing`);
    return found;
  });
  if (!pepper || !data || !reference || !subject) throw new Error("keys are missing");
  const gateway = await startGateway({
    host: "127.0.0.1",
    port: 0,
    db,
    policyListenUrl: order.url,
    keyring: { pepper, data, oldData: new Map(), reference, subject },
    journal,
    log,
    clock: systemClock,
    nodeId: "nod_bench",
    storeGraceMs: 900_000,
  });
  process.once("SIGTERM", () => {
    void (async () => {
      await gateway.drain(1_000);
      await journal.close();
      await shipper?.drain(500);
      await close();
      process.exit(0);
    })();
  });
  process.send?.({ port: Number(new URL(gateway.url).port) } satisfies Ready);
}
