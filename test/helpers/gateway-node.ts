import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Journal, openJournal } from "../../src/audit/journal.ts";
import { type JournalShipper, startJournalShipper } from "../../src/audit/journal-shipper.ts";
import { nodeRevocationsBefore } from "../../src/audit/node-revocations.ts";
import { openDatabase } from "../../src/db/database.ts";
import { type Gateway, startGateway } from "../../src/gateway/start-gateway.ts";
import { systemClock } from "../../src/platform/clock.ts";
import type { Keyring } from "../../src/platform/keyring.ts";
import { createLog } from "../../src/platform/log.ts";
import { type CuttableProxy, startCuttableProxy } from "./cuttable-proxy.ts";

export type GatewayNodeOptions = {
  nodeId: string;
  url: string;
  keyring: Keyring;
  storeGraceMs: number;
  journalBytes?: number;
  dir?: string;
};

export type GatewayNode = {
  gateway: Gateway;
  journal: Journal;
  shipper: JournalShipper;
  store: CuttableProxy;
  /** Of the journals. */
  dir: string;
  status(token: string, path?: string, method?: string): Promise<number>;
} & AsyncDisposable;

/** A gateway with its own connections, journal and shipper, whose way to the store can be cut. */
export async function startGatewayNode(options: GatewayNodeOptions): Promise<GatewayNode> {
  const { nodeId, keyring, storeGraceMs, journalBytes } = options;
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), "aqueduto-node-")));
  const store = await startCuttableProxy(options.url);
  const database = openDatabase({ url: store.url, max: 6, applicationName: nodeId });
  const log = createLog("silent");
  const common = { db: database.db, clock: systemClock, log };
  const revokedBefore = await nodeRevocationsBefore(dir, database.db);
  const size = journalBytes === undefined ? {} : { maxBytes: journalBytes };
  const journal = await openJournal({ dir, nodeId, log, sync: "interval", ...size });
  const shipper = startJournalShipper({ dir, journal, pollMs: 50, ...common });
  const listen = { host: "127.0.0.1", port: 0, policyListenUrl: store.url };
  const gateway = await startGateway({ ...listen, ...common, keyring, journal, nodeId, storeGraceMs, revokedBefore });
  return {
    gateway,
    journal,
    shipper,
    store,
    dir,
    async status(token, path = "/v1/health", method = "GET") {
      const response = await fetch(gateway.url + path, { method, headers: { authorization: `Bearer ${token}` } });
      await response.text();
      return response.status;
    },
    async [Symbol.asyncDispose]() {
      store.mend();
      await gateway.drain(2_000);
      await journal.close();
      await shipper.drain(2_000);
      await database.close();
      await store[Symbol.asyncDispose]();
      if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
    },
  };
}
