import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAccess } from "../../src/control/access/create.ts";
import { createClientApplication } from "../../src/control/client/create.ts";
import { createToken } from "../../src/control/token/create.ts";
import { openCheckedKeyring } from "../../src/db/check-keys.ts";
import { platformTx } from "../../src/db/tx.ts";
import { sendJson, startUpstream, type Upstream } from "../../src/gateway/testing/test-gateway.ts";
import { freePort } from "../../src/platform/free-port.ts";
import { readRunFile } from "../../src/platform/run-file.ts";
import { callOnce, startLoad } from "../helpers/call-load.ts";
import { OwnStore } from "../helpers/own-store.ts";
import { PlatformProcess, until } from "../helpers/platform-process.ts";
import { auditOf, createTenantFixture, type TenantFixture } from "../helpers/tenant.ts";

const graceMs = 5_000;
const path = "/v1/health";

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

function platformOver(more: Record<string, string> = {}): Promise<PlatformProcess> {
  return PlatformProcess.start({ DATABASE_URL: store.url, AQUEDUTO_KEYS: keysDir, AQUEDUTO_STORE_GRACE: `${graceMs / 1000}s`, ...more });
}

async function placesOf(platform: PlatformProcess): Promise<{ gateway: string; admin: string }> {
  const run = await readRunFile(platform.dataDir);
  if (run === undefined) throw new Error("a platform that runs says where");
  return run;
}

type Role = { role: string; ready: boolean; reason?: string };

async function gatewayReadiness(admin: string): Promise<Role & { status: number }> {
  const answer = await fetch(`${admin}/readyz`);
  const { roles } = (await answer.json()) as { roles: Role[] };
  const found = roles.find((one) => one.role === "gateway");
  if (found === undefined) throw new Error("the gateway is a role");
  return { ...found, status: answer.status };
}

/** Which of these records the log does not have. */
async function missing(entries: Iterable<string>): Promise<string[]> {
  await using own = store.open();
  const ids = [...new Set(entries)];
  const { rows } = await platformTx(own.db, (tx) =>
    sql<{ id: string }>`
      SELECT id FROM unnest(${ids}::text[]) AS id
       WHERE NOT EXISTS (SELECT FROM aqueduto.access_entry a WHERE a.entry_id = id)`.execute(tx),
  );
  return rows.map((row) => row.id);
}

const ways = {
  stopped: { leave: () => store.stop(), back: () => store.startAgain() },
  hanging: { leave: () => store.freeze(), back: () => Promise.resolve(store.thaw()) },
};

test.each(Object.keys(ways) as (keyof typeof ways)[])(
  "promise: PostgreSQL %s under load: calls go on until the grace ends, then 503 store-away and readyz says so; once back it serves, and no answer is without its record",
  async (way) => {
    const { leave, back } = ways[way];
    await using platform = await platformOver();
    const { gateway, admin } = await placesOf(platform);
    const load = startLoad({ gateway, token: fixture.token, path, lanes: 4 });
    await until("it serves", () => Promise.resolve(load.calls.some((call) => call.status === 200)));

    await leave();
    const goneAt = performance.now();
    const island = await until("it says that it is cut off", async () => {
      const now = await gatewayReadiness(admin);
      return now.reason !== undefined && now;
    });
    expect(island).toMatchObject({ ready: true, reason: "store-away: the last policy serves" });
    await until("the grace has ended", () => Promise.resolve(load.calls.at(-1)?.status === 503));
    expect(await gatewayReadiness(admin)).toMatchObject({ status: 503, ready: false, reason: "store-away" });
    const firstRefused = load.calls.findIndex((call) => call.status === 503);
    const before = load.calls.slice(0, firstRefused).filter((call) => call.begun > goneAt);
    expect(before.length).toBeGreaterThan(20);

    await back();
    await until("it serves again", () => Promise.resolve(load.calls.at(-1)?.status === 200));
    expect(await until("it is ready", async () => (await gatewayReadiness(admin)).reason === undefined)).toBe(true);
    const backAt = performance.now();
    await load.stop();

    const refused = load.calls.filter((call) => call.status !== 200);
    expect(new Set(refused.map((call) => `${call.status} ${call.code}`))).toEqual(new Set(["503 store-away"]));
    // nothing was let in past the bound until the store was back
    const firstServedAgain = Math.min(...load.calls.slice(firstRefused).flatMap((call) => (call.status === 200 ? [call.begun] : [])));
    const past = load.calls.filter((call) => call.begun > goneAt + graceMs && call.begun < firstServedAgain);
    expect(past.filter((call) => call.status === 200)).toEqual([]);
    expect(firstServedAgain).toBeGreaterThan(goneAt + graceMs / 2);
    expect(load.calls.some((call) => call.begun < backAt && call.begun > firstServedAgain)).toBe(true);
    // what was counted is written at the end, and everything shipped
    await platform.stop();
    expect(await missing(load.calls.map((call) => call.entry))).toEqual([]);
  },
);

type Ending = { platform: PlatformProcess; gateway: string; token: string; accessId: string };

const endings = {
  "itself with POST /v1/self/revoke": async ({ gateway, token }: Ending) =>
    expect((await callOnce({ gateway, token, path: "/v1/self/revoke", method: "POST" })).status).toBe(200),
  "by aqueduto node revoke": async ({ platform, accessId }: Ending) =>
    expect((await platform.command("node", "revoke", "--access", accessId))["tokenIds"]).toHaveLength(1),
};

test.each(Object.keys(endings) as (keyof typeof endings)[])(
  "promise: kill -9 right after a token was ended %s while the store is away: no start after it ever takes the token, and the store learns of it",
  async (how) => {
    await using own = store.open();
    const ctx = { ...fixture.ctx, db: own.db };
    const { client_id } = await createClientApplication(ctx, { partner_id: fixture.partner.partner_id, name: "x" });
    const of = { client_id, license_id: fixture.license.license_id };
    const { access_id } = await createAccess(ctx, { ...of, kind: "confidential", mode: "live", cidrs: ["127.0.0.1/32"] });
    const { token, token_id } = await createToken(ctx, { access_id });
    const port = await freePort();
    const gateway = `http://127.0.0.1:${port}`;
    await using platform = await platformOver({ AQUEDUTO_GATEWAY_LISTEN: `127.0.0.1:${port}`, AQUEDUTO_STORE_GRACE: "5m" });
    expect((await callOnce({ gateway, token, path })).status).toBe(200);

    await store.stop();
    expect((await callOnce({ gateway, token, path })).status).toBe(200);
    await endings[how]({ platform, gateway, token, accessId: access_id });
    expect((await callOnce({ gateway, token, path })).status).toBe(401);
    await platform.killTree();
    await store.startAgain();

    const statuses: number[] = [];
    const probing = { on: true };
    const prober = (async () => {
      while (probing.on)
        await callOnce({ gateway, token, path }).then(
          ({ status }) => statuses.push(status),
          () => new Promise(setImmediate),
        );
    })();
    await platform.startAgain();
    await until("it was asked", () => Promise.resolve(statuses.length > 20));
    probing.on = false;
    await prober;
    expect(new Set(statuses)).toEqual(new Set([401]));
    // the others are served: the start did not refuse them all
    expect((await callOnce({ gateway, token: fixture.token, path })).status).toBe(200);

    const ended = await until("the store has it", async () => {
      const entries = await auditOf(own.db, fixture.tenantId, token_id);
      return entries.filter((entry) => entry.action === "token.revoke").length > 0 && entries;
    });
    expect(ended.filter((entry) => entry.action === "token.revoke")).toMatchObject([{ actor_kind: "system" }]);
  },
);
