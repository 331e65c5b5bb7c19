import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import type { DemoPort } from "../../contract/demo-port.ts";
import type { DemoSummary } from "../../contract/platform-summary.ts";
import { type ActionContext, systemContext } from "../../control/context.ts";
import { isPortFree } from "../../platform/free-port.ts";
import { Secret } from "../../platform/secret.ts";
import { writePrivateFile } from "../../platform/write-private-file.ts";
import { dayText } from "./calendar.ts";
import { createDemoBase, type DemoBase, type DemoBaseOptions } from "./create-demo-base.ts";
import { createDemoPort } from "./create-demo-port.ts";
import { deliveredPayments } from "./delivered-payments.ts";
import { type DemoFile, readDemoToken, writeDemoFile } from "./demo-file.ts";
import { utilityTime } from "./payment/pay.ts";
import { type ProvisionedDemo, provisionDemo } from "./provision.ts";
import { type Receiver, startReceiver } from "./receiver.ts";
import { ensureDemoBase, retireDemoBase } from "./register-demo-base.ts";
import { type ShowcaseProperty, showcaseProperty } from "./showcase-property.ts";
import { verifyDemoWebhook } from "./verify-demo-webhook.ts";

export type DemoOptions = Pick<ActionContext, "db" | "clock" | "keyring"> & {
  dataDir: string;
  tenantId: string;
  /** The platform's own PostgreSQL, which also holds the demo base. */
  server: { urlOf(database: string): string };
  say: (line: string) => void;
};

/** The demo utility: base, receiver, rows, and the file that tells scripts of them. */
export type Demo = {
  /** Read-only URL of the base. */
  gsanUrl: string;
  baseCredential: Secret;
  baseIdentityKey: Buffer;
  receiverUrl: string;
  /** What the admin routes of demo mode call. */
  port: DemoPort;
  /** Makes what the platform needs to know of the demo; the base service listens at `baseUrl`. */
  provision(baseUrl: string): Promise<void>;
  /** Last step of readiness: verifies the webhook and writes demo.json. */
  finish(urls: { gateway: string; admin: string }): Promise<DemoSummary>;
  /** A token was made; demo.json follows when it is the demo's. */
  tokenIssued(issued: { access_id: string; token: string }): Promise<void>;
  close(): Promise<void>;
};

const database = "gsan_demo";
const timeZone = "America/Recife";
const properties = 2_000;

/** Opens the demo: builds its base on the first start, starts its webhook receiver. */
export async function openDemo(options: DemoOptions): Promise<Demo> {
  const reader = { role: "gsan_demo_reader", password: options.keyring.namedSecret("gsan-reader").toString("hex") };
  const clock = { now: () => options.clock.now(), timeZone };
  const server = { adminUrl: options.server.urlOf("postgres"), name: database, reader };
  const base = await createDemoBase({
    ...server,
    properties,
    seed: 1,
    referenceDate: dayText(utilityTime(clock).day),
    onProgress: sayOnce(options.say),
  });
  const receiver = await openReceiver(options.dataDir);
  return new RunningDemo(options, { base, receiver, server, clock });
}

/** One line a step, not one a row. */
function sayOnce(say: (line: string) => void): NonNullable<DemoBaseOptions["onProgress"]> {
  let last = "";
  return ({ step }) => {
    if (step !== last) say(`  demo base: ${step}`);
    last = step;
  };
}

/** The receiver at the port of the last start where it is free, so that the webhook's address stays. */
async function openReceiver(dataDir: string): Promise<Receiver> {
  const file = join(dataDir, "demo-receiver", "port");
  const earlier = Number(await readFile(file, "utf8").catch(() => "0"));
  const receiver = await startReceiver({
    directory: join(dataDir, "demo-receiver"),
    port: earlier > 0 && (await isPortFree(earlier)) ? earlier : 0,
  });
  await writePrivateFile(file, new URL(receiver.url).port);
  return receiver;
}

type Parts = {
  base: DemoBase;
  receiver: Receiver;
  server: Pick<DemoBaseOptions, "adminUrl" | "name" | "reader">;
  clock: { now(): Date; timeZone: string };
};

class RunningDemo implements Demo {
  readonly gsanUrl: string;
  readonly baseCredential: Secret;
  readonly baseIdentityKey: Buffer;
  readonly receiverUrl: string;
  readonly port: DemoPort;
  readonly #options: DemoOptions;
  readonly #parts: Parts;
  readonly #closePort: () => Promise<void>;
  #baseId = "";
  #baseUrl = "";
  #made: ProvisionedDemo | undefined;
  #file: DemoFile | undefined;

  constructor(options: DemoOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
    this.gsanUrl = parts.base.readerUrl;
    this.baseCredential = new Secret(options.keyring.namedSecret("base-credential").toString("base64url"));
    this.baseIdentityKey = options.keyring.namedSecret("base-identity");
    this.receiverUrl = parts.receiver.url;
    const port = createDemoPort({
      base: parts.base,
      clock: parts.clock,
      server: { ...parts.server, aroundSwap: (swap) => this.#swap(swap) },
      isDelivered: (ids) => deliveredPayments(options.db, { tenantId: options.tenantId, baseId: this.#baseId }, ids),
    });
    this.port = port;
    this.#closePort = () => port.close();
  }

  async provision(baseUrl: string): Promise<void> {
    const { dataDir, tenantId } = this.#options;
    const { hostname, port } = new URL(this.#parts.receiver.url);
    this.#baseUrl = baseUrl;
    this.#made = await provisionDemo(this.#options, {
      tenantId,
      baseUrl,
      credential: this.baseCredential,
      identityKey: this.baseIdentityKey,
      receiver: { host: hostname, port: Number(port) },
      knownToken: await readDemoToken(dataDir),
    });
    this.#parts.receiver.setSecrets([this.#made.webhookSecret.reveal()]);
    this.#baseId = await ensureDemoBase(this.#row());
  }

  async finish(urls: { gateway: string; admin: string }): Promise<DemoSummary> {
    const made = this.#provisioned();
    await verifyDemoWebhook(systemContext(this.#options, this.#options.tenantId, "demo"), made.webhookId);
    const { token, accessId, licenseId, partnerId, webhookId } = made;
    const ids = { accessId, licenseId, partnerId, webhookId };
    this.#file = { ...urls, base: this.#baseUrl, receiver: this.receiverUrl, token: token.reveal(), ...ids, ...(await this.#showcase()) };
    await writeDemoFile(this.#options.dataDir, this.#file);
    const { call, forbidden, matricula } = this.#file;
    return { receiver: this.receiverUrl, token: token.reveal(), ...ids, matricula, call, forbidden };
  }

  async tokenIssued(issued: { access_id: string; token: string }): Promise<void> {
    if (this.#file === undefined || issued.access_id !== this.#file.accessId) return;
    this.#file = { ...this.#file, token: issued.token };
    await writeDemoFile(this.#options.dataDir, this.#file);
  }

  async close(): Promise<void> {
    await this.#closePort();
    await this.#parts.receiver.close();
  }

  #provisioned(): ProvisionedDemo {
    if (this.#made === undefined) throw new Error("the demo is not provisioned yet");
    return this.#made;
  }

  #row() {
    const { db, keyring, tenantId } = this.#options;
    return { db, dataKey: keyring.data, tenantId, url: new Secret(this.gsanUrl) };
  }

  /** Puts a new base in the place of the old one: capture of the old ends before, the new one begins with its own baseline. */
  async #swap(swap: () => Promise<void>): Promise<void> {
    await retireDemoBase(this.#row());
    await swap();
    this.#baseId = await ensureDemoBase(this.#row());
    if (this.#file === undefined) return;
    this.#file = { ...this.#file, ...(await this.#showcase()) };
    await writeDemoFile(this.#options.dataDir, this.#file);
  }

  async #showcase(): Promise<Pick<DemoFile, "matricula" | "cpf" | "call" | "forbidden">> {
    const { matricula, cpf } = await findShowcase(this.#parts.base.url);
    const path = `/v1/properties/${matricula}`;
    return { matricula, cpf, call: { method: "GET", path }, forbidden: { method: "GET", path: `${path}/consumption` } };
  }
}

async function findShowcase(url: string): Promise<ShowcaseProperty> {
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  pool.on("error", () => undefined);
  try {
    const found = await showcaseProperty(pool);
    if (found === undefined) throw new Error("the demo base has no property to show");
    return found;
  } finally {
    await pool.end();
  }
}
