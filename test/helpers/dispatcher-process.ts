import { openDatabase } from "../../src/db/database.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createLog } from "../../src/platform/log.ts";
import { startDispatcher } from "../../src/webhooks/dispatcher.ts";

// a dispatcher alone, for tests that kill it: url, kid, key (base64), lease in milliseconds
const [url = "", kid = "", key = "", leaseMs = ""] = process.argv.slice(2);
const { db } = openDatabase({ url, max: 5, applicationName: "aqueduto-test-dispatcher" });
await startDispatcher({
  db,
  listenUrl: url,
  keyring: { data: { kid, key: Buffer.from(key, "base64") }, oldData: new Map() },
  log: createLog("silent"),
  clock: systemClock,
  nodeId: `nod_${process.pid}`,
  forbidden: () => [],
  leaseMs: Number(leaseMs),
});
