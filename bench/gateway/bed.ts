import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { acquireDataLock } from "../../src/db/data-lock.ts";
import { openDatabase } from "../../src/db/database.ts";
import { startEmbeddedServer } from "../../src/db/embedded-server.ts";
import { migrate } from "../../src/db/migrate.ts";
import { createTenantFixture, testKeyring } from "../../test/helpers/tenant.ts";
import { startChild } from "./child.ts";
import { documents, openapi } from "./documents.ts";
import type { Order, Ready } from "./product.ts";
import { type Job, type Server, startUpstream } from "./servers.ts";

/** Where a run's processes live: the measured one alone on the second processor, all else on the first. */
export const cpus = { load: 0, measured: 1 } as const;

/** Store, upstream, a licensed token: what every measurement of the gateway stands on. */
export type Bed = { job: Job; startProduct(ships: boolean): Promise<Server> } & AsyncDisposable;

export async function openBed(): Promise<Bed> {
  const stack = new AsyncDisposableStack();
  try {
    const directory = await mkdtemp(join(tmpdir(), "aqueduto-bench-"));
    stack.defer(() => rm(directory, { recursive: true, force: true }));
    const lock = stack.use(await acquireDataLock(directory));
    const store = stack.use(await startEmbeddedServer({ lock, settings: { fsync: "off" } }));
    await migrate({ url: store.url });
    const upstream = stack.use(await startUpstream(directory, documents, cpus.load));
    const keyring = testKeyring();
    const token = await fill(store.url, `http://127.0.0.1:${upstream.port}`, keyring);
    const order = { url: store.url, directory, keys: keysOf(keyring) };
    const owned = stack.move();
    return {
      job: { directory, upstreamPort: upstream.port, authorization: `Bearer ${token}` },
      startProduct: (ships) => startProduct({ ...order, ships }),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

type Keyring = ReturnType<typeof testKeyring>;

async function fill(url: string, serviceUrl: string, keyring: Keyring): Promise<string> {
  const { db, close } = openDatabase({ url, max: 2, applicationName: "aqueduto-bench" });
  try {
    const license = { rate_per_second: 100_000, burst: 1_000_000 };
    return (await createTenantFixture(db, { keyring, serviceUrl, openapi, license })).token;
  } finally {
    await close();
  }
}

function keysOf(keyring: Keyring): Order["keys"] {
  return (["pepper", "data", "reference", "subject"] as const).map((name) => {
    const { kid, key } = keyring[name];
    return { name, kid, key: key.toString("base64") };
  });
}

async function startProduct(order: Order): Promise<Server> {
  const child = startChild([process.execPath, join(import.meta.dirname, "product.ts")], { cpu: cpus.measured, ipc: true });
  child.process.send(order);
  const [ready] = (await Promise.race([once(child.process, "message"), failed(child.process)])) as [Ready];
  return { ...child, port: ready.port };
}

async function failed(child: Server["process"]): Promise<never> {
  await once(child, "exit");
  throw new Error("the gateway did not start");
}
