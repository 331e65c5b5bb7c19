import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { createAccess } from "../src/control/access/create.ts";
import { createClientApplication } from "../src/control/client/create.ts";
import { policyInForce } from "../src/control/policy-in-force.ts";
import { createToken } from "../src/control/token/create.ts";
import { revokeToken } from "../src/control/token/revoke.ts";
import { openCheckedKeyring } from "../src/db/check-keys.ts";
import { acquireDataLock } from "../src/db/data-lock.ts";
import { openDatabase } from "../src/db/database.ts";
import { startEmbeddedServer } from "../src/db/embedded-server.ts";
import { migrate } from "../src/db/migrate.ts";
import { sendJson, startUpstream } from "../src/gateway/testing/test-gateway.ts";
import { createTenantFixture, type TenantFixture } from "../test/helpers/tenant.ts";
import { type GatewayProcess, startGatewayProcess } from "./gateway-process.ts";

const nodes = 3;
const lanesPerNode = 4;
const revokes = Number(process.env["DRILL_REVOKES"] ?? 1_000);

type Issued = { token: string; tokenId: string };
type Load = { running: boolean; calls: number; late: number; live: Issued[]; endedAt: Map<string, number> };

/**
 * 1,000 revocations, one after the other, on three node processes under load: how long from the commit until every node
 * acts on it, and whether any node accepted a call that began after the answer `in_force`.
 */
export async function drillRevocation(): Promise<boolean> {
  const directory = await mkdtemp(join(tmpdir(), "aqueduto-drill-"));
  const lock = await acquireDataLock(join(directory, "store"));
  const server = await startEmbeddedServer({ lock });
  const upstream = await startUpstream((_request, response) => sendJson(response, 200, '{"status":"up"}'));
  const running: GatewayProcess[] = [];
  try {
    await migrate({ url: server.url });
    await using database = openOwn(server.url);
    const keysDir = join(directory, "keys");
    const keyring = await openCheckedKeyring(database.db, keysDir);
    const license = { rate_per_second: 100_000, burst: 1_000_000 };
    const fixture = await createTenantFixture(database.db, { keyring, serviceUrl: upstream.url, license });
    const issued = await issue(fixture, revokes);
    for (let node = 0; node < nodes; node += 1)
      running.push(await startGatewayProcess(join(directory, `node${node}`), { storeUrl: server.url, keysDir }));
    return report(await revokeAll(fixture, issued, running));
  } finally {
    await Promise.all(running.map((node) => node.stop()));
    await upstream[Symbol.asyncDispose]();
    await server.stop(3_000);
    await lock.release();
    await rm(directory, { recursive: true, force: true });
  }
}

function openOwn(url: string) {
  const database = openDatabase({ url, max: 8, applicationName: "aqueduto-drill" });
  return { db: database.db, [Symbol.asyncDispose]: () => database.close() };
}

async function issue({ ctx, partner, license }: TenantFixture, count: number): Promise<Issued[]> {
  const issued: Issued[] = [];
  for (let made = 0; made < count; made += 1) {
    const { client_id } = await createClientApplication(ctx, { partner_id: partner.partner_id, name: "drill" });
    const of = { client_id, license_id: license.license_id };
    const { access_id } = await createAccess(ctx, { ...of, kind: "confidential", mode: "live", cidrs: ["127.0.0.1/32"] });
    const { token, token_id } = await createToken(ctx, { access_id });
    issued.push({ token, tokenId: token_id });
  }
  return issued;
}

type Figures = { waits: number[]; committed: number; load: Load };

async function revokeAll({ ctx }: TenantFixture, issued: readonly Issued[], running: readonly GatewayProcess[]): Promise<Figures> {
  const load: Load = { running: true, calls: 0, late: 0, live: [...issued], endedAt: new Map() };
  const lanes = running.flatMap(({ gateway }) => Array.from({ length: lanesPerNode }, () => lane(gateway, load)));
  const waits: number[] = [];
  let committed = 0;
  for (const { token, tokenId } of issued) {
    const revoked = await revokeToken(ctx, { token_id: tokenId, reason: "drill" });
    const begun = performance.now();
    const told = await policyInForce({ ...ctx, applyHere: () => Promise.resolve(true) }, revoked.epoch);
    if (told.state === "committed" || told.nodes.length < nodes) committed += 1;
    else {
      waits.push(performance.now() - begun);
      load.endedAt.set(token, performance.now());
    }
  }
  load.running = false;
  await Promise.all(lanes);
  return { waits, committed, load };
}

/** Calls with the tokens about to be revoked and those just revoked, over one connection. */
async function lane(gateway: string, load: Load): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  while (load.running) {
    const around = load.endedAt.size + Math.floor(Math.random() * 8) - 5;
    const token = load.live[Math.min(load.live.length - 1, Math.max(0, around))]?.token ?? "";
    const begun = performance.now();
    const status = await call(agent, gateway, token);
    load.calls += 1;
    if (status === 200 && begun > (load.endedAt.get(token) ?? Number.POSITIVE_INFINITY)) load.late += 1;
  }
  agent.destroy();
}

function call(agent: Agent, gateway: string, token: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(`${gateway}/v1/health`, { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode ?? 0));
    })
      .once("error", reject)
      .end();
  });
}

function report({ waits, committed, load }: Figures): boolean {
  const sorted = waits.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN).toFixed(0);
  console.log(`machine: ${cpus().length} x ${cpus()[0]?.model ?? "?"}, Node ${process.version}`);
  console.log(`revokes ${revokes} on ${nodes} node processes, ${load.calls} calls meanwhile`);
  console.log(`commit to in_force on the last node: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms; not within 2 s: ${committed}`);
  console.log(`late accepts: ${load.late}`);
  return load.late === 0 && waits.length + committed === revokes;
}
