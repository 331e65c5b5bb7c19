import { hash, randomBytes } from "node:crypto";
import pg from "pg";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/helpers/database.ts";
import type { AccessRecord } from "../contract/access-record.ts";
import { openDatabase } from "../db/database.ts";
import { platformTx } from "../db/tx.ts";
import { systemClock } from "../platform/clock.ts";
import { createLog } from "../platform/log.ts";
import { seal } from "../platform/seal.ts";
import { tokenDigest } from "../platform/token-digest.ts";
import { loadPolicy } from "./snapshot-loader.ts";
import { startGateway, type Gateway } from "./start-gateway.ts";
import { sendJson, startUpstream, type Upstream } from "./testing/test-gateway.ts";
import { credential, dataKey, identityKey, keys, makeToken, operations, pepper } from "./testing/test-policy.ts";

const token = makeToken();

/** A tenant with everything a call needs, written row by row as the control room would. */
async function fill(database: TestDatabase, target: string): Promise<void> {
  await platformTx(database.db, async (tx) => {
    await sql`INSERT INTO aqueduto.tenant (tenant_id, name) VALUES ('ten_a', 'Utility A'), ('ten_b', 'Utility B')`.execute(tx);
    await sql`INSERT INTO aqueduto.partner (tenant_id, partner_id, name) VALUES ('ten_a', 'par_a', 'Bank')`.execute(tx);
    await sql`INSERT INTO aqueduto.client (tenant_id, client_id, partner_id, name) VALUES ('ten_a', 'cli_a', 'par_a', 'App')`.execute(tx);
    await sql`INSERT INTO aqueduto.service (tenant_id, service_id, name, sandbox_url, credential_sealed, identity_key_sealed, openapi)
              VALUES ('ten_a', 'svc_a', 'Base', ${target}, ${seal(dataKey, credential, "service.credential:svc_a")},
                      ${seal(dataKey, identityKey, "service.identity_key:svc_a")}, '{}')`.execute(tx);
    for (const row of operations) {
      await sql`INSERT INTO aqueduto.operation (tenant_id, service_id, operation_id, method, path, summary, parameters, request_schema,
                                                response_schema, publishable, timeout_ms, max_body_bytes)
                VALUES ('ten_a', 'svc_a', ${row.operation_id}, ${row.method}, ${row.path}, 's', ${JSON.stringify(row.parameters)},
                        ${row.request_schema && JSON.stringify(row.request_schema)}, ${row.response_schema && JSON.stringify(row.response_schema)},
                        ${row.publishable}, ${row.timeout_ms}, ${row.max_body_bytes})`.execute(tx);
    }
    await sql`INSERT INTO aqueduto.license (tenant_id, license_id, partner_id, name, state, purpose, legal_basis, starts_at, ends_at, rate_per_second, burst)
              VALUES ('ten_a', 'lic_a', 'par_a', 'L', 'active', 'p', 'art. 7 V', now() - interval '1 day', now() + interval '1 day', 0.125, 100)`.execute(
      tx,
    );
    await sql`INSERT INTO aqueduto.license_operation VALUES ('ten_a', 'lic_a', 'getProperty', '{"indirect":"full"}')`.execute(tx);
    await sql`INSERT INTO aqueduto.access (tenant_id, access_id, client_id, license_id, kind, mode, cidrs)
              VALUES ('ten_a', 'acc_a', 'cli_a', 'lic_a', 'confidential', 'test', '{127.0.0.0/8,::1/128}')`.execute(tx);
    await sql`INSERT INTO aqueduto.token (tenant_id, token_id, access_id, digest, pepper_id, hint, state)
              VALUES ('ten_a', 'tok_a', 'acc_a', ${tokenDigest(pepper.key, token)}, 'pepper1', 'abcd', 'live')`.execute(tx);
  });
}

async function start(
  database: TestDatabase,
  more: Partial<Parameters<typeof startGateway>[0]> = {},
): Promise<{ gateway: Gateway; records: AccessRecord[] } & AsyncDisposable> {
  const records: AccessRecord[] = [];
  const gateway = await startGateway({
    host: "127.0.0.1",
    port: 0,
    db: database.db,
    policyListenUrl: database.url,
    keyring: { pepper: pepper, ...keys },
    journal: {
      append(record) {
        records.push(record);
        return Promise.resolve();
      },
    },
    log: createLog("silent"),
    clock: systemClock,
    nodeId: "nod_test",
    storeGraceMs: 60_000,
    ...more,
  });
  return { gateway, records, [Symbol.asyncDispose]: () => gateway.drain(1_000) };
}

function property(): Promise<Upstream> {
  return startUpstream((_request, response) => sendJson(response, 200, '{"matricula":"1","status":"LIGADO"}'));
}

async function status(gateway: Gateway, path = "/v1/properties/1"): Promise<number> {
  const response = await fetch(gateway.url + path, { headers: { authorization: `Bearer ${token}` } });
  await response.text();
  return response.status;
}

async function epochOf(database: TestDatabase): Promise<bigint> {
  const { rows } = await sql<{ epoch: bigint }>`SELECT epoch FROM aqueduto.policy_epoch`.execute(database.db);
  return rows[0]?.epoch ?? 0n;
}

type Node = { epoch: bigint; held: boolean; serves_s: number; stopped: boolean };

async function nodeOf(database: TestDatabase): Promise<Node | undefined> {
  const { rows } = await sql<Node>`
    SELECT epoch, lease_until > clock_timestamp() AS held, extract(epoch FROM serves_until - clock_timestamp())::float8 AS serves_s,
           stopped_at IS NOT NULL AS stopped FROM aqueduto.node WHERE node_id = 'nod_test'`.execute(database.db);
  return rows[0];
}

/** Asks until it holds; the bound is only there so that a failure ends. */
async function eventually<T>(ask: () => Promise<T> | T, holds: (value: T) => boolean): Promise<T> {
  const end = performance.now() + 15_000;
  let value = await ask();
  while (!holds(value) && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    value = await ask();
  }
  return value;
}

test("a first load reads every table of the policy as one instant; later ones read what changed, and nothing when the epoch is known", async () => {
  await using database = await createTestDatabase();
  await fill(database, "http://127.0.0.1:1");
  const pages: { clients: unknown[]; accesses: unknown[]; tokens: unknown[] } = { clients: [], accesses: [], tokens: [] };
  const sink = {
    reserve: () => undefined,
    addClients: (rows: readonly unknown[]) => pages.clients.push(...rows),
    addAccesses: (page: unknown) => pages.accesses.push(page),
    addTokens: (page: unknown) => pages.tokens.push(page),
  };
  const load = async (known: bigint | undefined, history?: string) => loadPolicy(database.db, { known, history }, sink);
  const first = await load(undefined);
  if (first === undefined || first === "anew") throw new Error("a first load was expected");
  expect(first.epoch).toBe(await epochOf(database));
  expect(first.licensing?.licenses).toMatchObject([{ license_id: "lic_a", rate_per_second: "0.125", burst: 100, version: 1 }]);
  expect(first.licensing?.licenses[0]?.ends_at).toBeInstanceOf(Date);
  expect(pages.clients).toMatchObject([{ client_id: "cli_a", state: "active" }]);
  expect(pages.accesses).toMatchObject([
    { accessIds: ["acc_a"], cidrs: ["127.0.0.0/8,::1/128"], origins: [""], factors: [""], expiries: [""] },
  ]);
  expect(pages.tokens).toMatchObject([{ tokenIds: ["tok_a"], digests: tokenDigest(pepper.key, token), states: "l", retiring: [""] }]);
  expect(first.licensing?.operations).toHaveLength(operations.length);
  expect(first.licensing?.operations.find((row) => row.operation_id === "getProperty")?.parameters).toEqual(operations[0]?.parameters);
  expect([first.partners?.length, first.licensing?.services.length, first.licensing?.grants.length]).toEqual([1, 1, 1]);
  expect([first.clients, first.accesses, first.tokens, first.switches]).toEqual([[], [], [], []]);
  expect(await load(first.epoch)).toBeUndefined();
  expect(await load(first.epoch, first.history)).toBeUndefined();
  // a store whose epoch is below, or another one that has caught up
  expect(await load(first.epoch + 1n, first.history)).toBe("anew");
  expect(await load(first.epoch, `${first.history} restored`)).toBe("anew");
  await platformTx(database.db, (tx) => sql`UPDATE aqueduto.token SET state = 'ended', ended_at = now()`.execute(tx));
  const second = await load(first.epoch);
  expect(second).toMatchObject({ epoch: await epochOf(database), accesses: [], tokens: [{ token_id: "tok_a", state: "ended" }] });
  expect(Object.keys(Object(second)).toSorted()).toEqual(["accesses", "clients", "epoch", "history", "tokens"]);
  await platformTx(database.db, async (tx) => {
    await sql`UPDATE aqueduto.access SET state = 'disabled', signature_key = sha256('')`.execute(tx);
    await sql`UPDATE aqueduto.partner SET state = 'disabled'`.execute(tx);
    await sql`UPDATE aqueduto.client SET state = 'revoked'`.execute(tx);
  });
  const third = await load(Object(second).epoch);
  expect(third).toMatchObject({
    clients: [{ client_id: "cli_a", state: "revoked" }],
    accesses: [{ access_id: "acc_a", state: "disabled", factors: ` ${hash("sha256", "", "hex")}` }],
    tokens: [],
    partners: [{ state: "disabled" }],
  });
  expect(Object.keys(Object(third)).toSorted()).toEqual(["accesses", "clients", "epoch", "history", "partners", "tokens"]);
});

test("a revoked token is refused once `applied` has answered true, and the node's row acknowledges the epoch", async () => {
  await using database = await createTestDatabase();
  await using upstream = await property();
  await fill(database, upstream.url);
  await using node = await start(database);
  expect(await status(node.gateway)).toBe(200);
  expect(await status(node.gateway, "/v1/secrets")).toBe(404);
  await platformTx(database.db, (tx) =>
    sql`UPDATE aqueduto.token SET state = 'ended', ended_at = now() WHERE token_id = 'tok_a'`.execute(tx),
  );
  const epoch = await epochOf(database);
  expect(await node.gateway.applied(epoch, 5_000)).toBe(true);
  expect(await status(node.gateway)).toBe(401);
  expect(node.records.at(-1)).toMatchObject({ clause: "token-ended", tokenId: "tok_a", tenantId: "ten_a" });
  const row = await eventually(
    () => nodeOf(database),
    (found) => found?.epoch === epoch,
  );
  expect(row).toMatchObject({ epoch, held: true, stopped: false });
  expect(row?.serves_s).toBeGreaterThan(50);
});

test("an epoch that is not there yet is not applied", async () => {
  await using database = await createTestDatabase();
  await fill(database, "http://127.0.0.1:1");
  await using node = await start(database);
  expect(await node.gateway.applied((await epochOf(database)) + 1n, 50)).toBe(false);
});

test("a change reaches the node by notice, and without any notice by the version check", async () => {
  await using database = await createTestDatabase();
  await using upstream = await property();
  await fill(database, upstream.url);
  await using node = await start(database);
  await platformTx(database.db, (tx) => sql`UPDATE aqueduto.license SET state = 'suspended'`.execute(tx));
  expect(
    await eventually(
      () => status(node.gateway),
      (code) => code === 403,
    ),
  ).toBe(403);
  await using deaf = await start(database, { nodeId: "nod_deaf", policyListenUrl: "postgres://nobody@127.0.0.1:1/none" });
  expect(await status(deaf.gateway)).toBe(403);
  await platformTx(database.db, (tx) => sql`UPDATE aqueduto.license SET state = 'active', rate_per_second = 50`.execute(tx));
  expect(
    await eventually(
      () => status(deaf.gateway),
      (code) => code === 200,
    ),
  ).toBe(200);
});

/** A way to the database that can be cut and mended: the store goes away without a word to the server. */
async function breakable(
  database: TestDatabase,
): Promise<{ db: TestDatabase["db"]; cut(): Promise<void>; mend(): Promise<void> } & AsyncDisposable> {
  const opened = openDatabase({ url: database.url, max: 4, applicationName: "aqueduto-breakable" });
  const name = database.name;
  const server = new URL(database.url);
  server.pathname = "/postgres";
  async function admin(statement: string): Promise<void> {
    const client = new pg.Client({ connectionString: server.href });
    await client.connect();
    await client.query(statement);
    await client.end();
  }
  return {
    db: opened.db,
    async cut() {
      await admin(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS false`);
      await admin(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}' AND application_name <> 'survivor'`);
    },
    mend: () => admin(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS true`),
    [Symbol.asyncDispose]: () => opened.close(),
  };
}

test("while the store is away the frozen policy serves until the grace is over, then 503; on return the newest policy comes first", async () => {
  await using database = await createTestDatabase();
  await using upstream = await property();
  await fill(database, upstream.url);
  await using way = await breakable(database);
  const clock = { passedMs: 0, now: () => new Date(), monotonicMs: () => performance.now() + clock.passedMs };
  await using node = await start(database, { db: way.db, clock, storeGraceMs: 600_000 });
  expect(node.gateway.readiness()).toEqual({ ready: true });
  // the other side of the cut, from where policy still changes
  const survivor = new pg.Client({ connectionString: database.url, application_name: "survivor" });
  await survivor.connect();
  await way.cut();
  clock.passedMs += 5_000;
  expect(
    await eventually(
      () => node.gateway.readiness(),
      (state) => state.reason !== undefined,
    ),
  ).toEqual({
    ready: true,
    reason: "store-away: the last policy serves",
  });
  expect(await status(node.gateway)).toBe(200);
  clock.passedMs += 600_000;
  expect(await status(node.gateway)).toBe(503);
  expect(node.gateway.readiness()).toEqual({ ready: false, reason: "store-away" });
  expect(node.records.at(-1)).toMatchObject({ status: 503, code: "store-away" });
  await survivor.query("UPDATE aqueduto.token SET state = 'ended', ended_at = now() WHERE token_id = 'tok_a'");
  await survivor.end();
  await way.mend();
  // never 200 again: the policy that ended the token is loaded before the lease is renewed
  const seen = new Set<number>();
  await eventually(
    async () => {
      const code = await status(node.gateway);
      seen.add(code);
      return code;
    },
    (code) => code === 401,
  );
  expect([...seen].filter((code) => code !== 503)).toEqual([401]);
});

test("a drained node's row says so and its bounds have passed", async () => {
  await using database = await createTestDatabase();
  await fill(database, "http://127.0.0.1:1");
  const node = await start(database);
  await node.gateway.drain(1_000);
  const row = await nodeOf(database);
  expect(row).toMatchObject({ held: false, stopped: true });
  expect(row?.serves_s).toBeLessThanOrEqual(0);
  expect(node.gateway.readiness()).toEqual({ ready: false, reason: "draining" });
  await expect(fetch(node.gateway.url)).rejects.toThrow("fetch failed");
});

test("a service whose secrets do not open is not served, and the rest of the policy is", async () => {
  await using database = await createTestDatabase();
  await fill(database, "http://127.0.0.1:1");
  await using node = await start(database, { keyring: { pepper: pepper, ...keys, data: { kid: "data1", key: randomBytes(32) } } });
  expect(await status(node.gateway)).toBe(404);
  expect(node.records.at(-1)).toMatchObject({ clause: "route-unknown", accessId: "acc_a" });
});
