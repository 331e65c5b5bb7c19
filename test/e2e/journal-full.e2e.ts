import { execFileSync } from "node:child_process";
import { appendFile, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openCheckedKeyring } from "../../src/db/check-keys.ts";
import { platformTx } from "../../src/db/tx.ts";
import { sendJson, startUpstream, type Upstream } from "../../src/gateway/testing/test-gateway.ts";
import { readRunFile } from "../../src/platform/run-file.ts";
import { callOnce, type LoadedCall } from "../helpers/call-load.ts";
import { startGatewayNode } from "../helpers/gateway-node.ts";
import { OwnStore } from "../helpers/own-store.ts";
import { PlatformProcess, until } from "../helpers/platform-process.ts";
import { createTenantFixture, type TenantFixture } from "../helpers/tenant.ts";

const path = "/v1/health";
const diskBytes = 512 * 1024;

/** A gateway whose journal has little room, and how that fills up and comes back. */
type Bed = {
  gateway: string;
  fill(): Promise<void>;
  free(): Promise<void>;
  /** Whether it is not ready because of the journal. */
  saysFull(): Promise<boolean>;
} & AsyncDisposable;

let keysDir: string;
let store: OwnStore;
let upstream: Upstream;
let fixture: TenantFixture;

beforeAll(async () => {
  keysDir = await mkdtemp(join(tmpdir(), "aqueduto-keys-"));
  store = await OwnStore.start();
  upstream = await startUpstream((_request, response) => sendJson(response, 200, '{"status":"up"}'));
  await using own = store.open();
  const keyring = await openCheckedKeyring(own.db, keysDir);
  const license = { rate_per_second: 100_000, burst: 1_000_000 };
  fixture = await createTenantFixture(own.db, { keyring, serviceUrl: upstream.url, license });
});

afterAll(async () => {
  await upstream?.[Symbol.asyncDispose]();
  await store?.[Symbol.asyncDispose]();
  await rm(keysDir, { recursive: true, force: true });
});

/** A file system of that size, or undefined where this user may not mount one. */
async function smallDisk(): Promise<({ path: string } & AsyncDisposable) | undefined> {
  const place = await mkdtemp(join(tmpdir(), "aqueduto-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${diskBytes},mode=700`, "tmpfs", place], { stdio: "ignore" });
  } catch {
    await rm(place, { recursive: true });
    return undefined;
  }
  return {
    path: place,
    async [Symbol.asyncDispose]() {
      execFileSync("umount", [place]);
      await rm(place, { recursive: true });
    },
  };
}

/** The platform with its journal on a disk of its own. */
async function diskBed(disk: { path: string } & AsyncDisposable, turn: (on: "fill" | "free") => Promise<void>): Promise<Bed> {
  const journal = join(disk.path, "journal");
  const env = { DATABASE_URL: store.url, AQUEDUTO_KEYS: keysDir, AQUEDUTO_STORE_GRACE: "5m" };
  const platform = await PlatformProcess.start(env, async (dataDir) => {
    await mkdir(journal, { mode: 0o700 });
    await mkdir(dataDir, { mode: 0o700 });
    await symlink(journal, join(dataDir, "journal"));
  });
  const run = await readRunFile(platform.dataDir);
  return {
    gateway: run?.gateway ?? "",
    fill: () => turn("fill"),
    free: () => turn("free"),
    async saysFull() {
      const answer = await fetch(`${run?.admin}/readyz`);
      const { roles } = (await answer.json()) as { roles: { role: string; ready: boolean; reason?: string }[] };
      const journal = roles.find((one) => one.role === "journal");
      return answer.status === 503 && journal?.ready === false && journal.reason === "audit journal cannot be written";
    },
    async [Symbol.asyncDispose]() {
      await platform[Symbol.asyncDispose]();
      await disk[Symbol.asyncDispose]();
    },
  };
}

/** Another file takes every byte of the disk, and is removed. */
async function ballast(disk: string, on: "fill" | "free"): Promise<void> {
  const file = join(disk, "ballast");
  if (on === "free") return rm(file);
  for (let bytes = 64 * 1024; bytes >= 1024; bytes /= 2)
    while (
      await appendFile(file, Buffer.alloc(bytes)).then(
        () => true,
        () => false,
      )
    );
}

/** The store is away, so that the calls' own records fill the disk; what is shipped once it is back makes room. */
function unshipped(_disk: string, on: "fill" | "free"): Promise<void> {
  return on === "fill" ? store.stop() : store.startAgain();
}

/** A gateway in this process whose journal may take that many bytes, where no disk can be mounted. */
async function boundedBed(): Promise<Bed> {
  const how = { keyring: fixture.keyring, storeGraceMs: 300_000, journalBytes: diskBytes };
  const node = await startGatewayNode({ nodeId: "nod_bounded", url: store.url, ...how });
  return {
    gateway: node.gateway.url,
    fill: () => Promise.resolve(node.store.cut()),
    free: () => Promise.resolve(node.store.mend()),
    saysFull: () => Promise.resolve(!node.shipper.readiness().ready),
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  };
}

const causes = { "by another file": ballast, "by records that the store does not take": unshipped };

test.each(Object.keys(causes) as (keyof typeof causes)[])(
  "promise: the journal's disk is full %s: calls are refused 503 audit-full and not forwarded, readyz says so; with room again they go on, and the log is whole",
  async (cause) => {
    const disk = await smallDisk();
    const calls: LoadedCall[] = [];
    const forwarded = upstream.received.length;
    {
      await using bed = disk === undefined ? await boundedBed() : await diskBed(disk, (on) => causes[cause](disk.path, on));
      const call = async (): Promise<LoadedCall> => {
        const one = await callOnce({ gateway: bed.gateway, token: fixture.token, path });
        calls.push(one);
        return one;
      };
      await until("it serves", async () => (await call()).status === 200);
      await bed.fill();
      // filling takes hundreds of calls; what the store has taken makes a little room again in between
      await until("it is full", async () => {
        for (let turn = 0; turn < 50; turn += 1) await call();
        return calls.filter((one) => one.status !== 200).length >= 30;
      });
      await until("readyz says so", async () => (await call()).status !== 200 && (await bed.saysFull()));
      await bed.free();
      await until("it goes on", async () => (await call()).status === 200);
      for (let turn = 0; turn < 30; turn += 1) expect((await call()).status).toBe(200);
      await until("readyz no longer says so", async () => !(await bed.saysFull()));
    }
    const refused = calls.filter((one) => one.status !== 200);
    expect(new Set(refused.map((one) => `${one.status} ${one.code}`))).toEqual(new Set(["503 audit-full"]));
    const answered = calls.filter((one) => one.status === 200);
    // the call under way each time it filled up was read from the service; its answer was not given
    const fillings = calls.filter((one, at) => one.status !== 200 && calls[at - 1]?.status === 200).length;
    expect(upstream.received.length - forwarded - answered.length).toBeLessThanOrEqual(fillings);
    expect(fillings).toBeLessThan(refused.length);
    expect(await inLog(answered.map((one) => one.entry))).toBe(answered.length);
  },
);

async function inLog(entries: readonly string[]): Promise<number> {
  await using own = store.open();
  const { rows } = await platformTx(own.db, (tx) =>
    sql<{ n: string }>`SELECT count(*) AS n FROM aqueduto.access_entry WHERE entry_id = ANY(${entries})`.execute(tx),
  );
  return Number(rows[0]?.n);
}
