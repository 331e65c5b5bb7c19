import { EventEmitter, once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAccess } from "../../src/control/access/create.ts";
import { createClientApplication } from "../../src/control/client/create.ts";
import { createToken } from "../../src/control/token/create.ts";
import { openCheckedKeyring } from "../../src/db/check-keys.ts";
import { tenantTx } from "../../src/db/tx.ts";
import { sendJson, startUpstream, type Upstream } from "../../src/gateway/testing/test-gateway.ts";
import { readRunFile } from "../../src/platform/run-file.ts";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";
import { PlatformProcess, until } from "../helpers/platform-process.ts";
import { createTenantFixture, type TenantFixture } from "../helpers/tenant.ts";

// two platforms over one store: the epoch has to reach a process that nobody asked
const accessCount = 6;
const lanesPerNode = 4;
const rounds = 9;
/** Calls of every lane between two turns. */
const callsBetween = 4;

type Place = { gateway: string; admin: string };
type Holder = { accessId: string; tokens: { text: string; id: string }[]; called: EventEmitter };
type Call = { token: string; begun: number; status: number; reused: boolean };
type Proof = { state: string; revocation_id: string; nodes: { node_id: string; epoch: string; milliseconds: number; latest?: string }[] };

let keysDir: string;
let base: TestDatabase;
let upstream: Upstream;
let fixture: TenantFixture;
const platforms: PlatformProcess[] = [];
const places: Place[] = [];

beforeAll(async () => {
  keysDir = await mkdtemp(join(tmpdir(), "aqueduto-keys-"));
  base = await createTestDatabase();
  upstream = await startUpstream((_request, response) => sendJson(response, 200, '{"status":"up"}'));
  for (let node = 0; node < 2; node += 1) {
    const platform = await PlatformProcess.start({ DATABASE_URL: base.url, AQUEDUTO_KEYS: keysDir });
    platforms.push(platform);
    const run = await readRunFile(platform.dataDir);
    if (run === undefined) throw new Error("a platform that runs says where");
    places.push({ gateway: run.gateway, admin: run.admin });
  }
  const keyring = await openCheckedKeyring(base.db, keysDir);
  const license = { rate_per_second: 100_000, burst: 1_000_000 };
  fixture = await createTenantFixture(base.db, { keyring, serviceUrl: upstream.url, license });
});

afterAll(async () => {
  for (const platform of platforms) await platform[Symbol.asyncDispose]();
  await upstream?.[Symbol.asyncDispose]();
  await base?.[Symbol.asyncDispose]();
  await rm(keysDir, { recursive: true, force: true });
});

async function addHolder(): Promise<Holder> {
  const { ctx, partner, license } = fixture;
  const client = await createClientApplication(ctx, { partner_id: partner.partner_id, name: "x" });
  const of = { client_id: client.client_id, license_id: license.license_id };
  const { access_id } = await createAccess(ctx, { ...of, kind: "confidential", mode: "live", cidrs: ["127.0.0.1/32"] });
  const made = await createToken(ctx, { access_id });
  const called = new EventEmitter().setMaxListeners(0);
  return { accessId: access_id, tokens: [{ text: made.token, id: made.token_id }], called };
}

async function admin(place: Place, method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const answer = await fetch(place.admin + path, {
    method,
    headers: { authorization: `Bearer ${fixture.apiKey}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const told = (await answer.json()) as Record<string, unknown>;
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(told)}`);
  return told;
}

/** The change's own answer, or, when a node was late, the revocation once it is in force. */
function inForce(place: Place, told: Record<string, unknown>): Promise<Proof> {
  if (told["state"] === "in_force") return Promise.resolve(told as Proof);
  return until("a revocation in force", async () => {
    const now = await admin(place, "GET", `/v1/revocations/${String(told["revocation_id"])}`);
    return now["state"] === "in_force" ? (now as Proof) : false;
  });
}

/** One call on the lane's own connection; its start is the instant before anything of it is written. */
function call(agent: Agent, url: string, token: string): Promise<Call> {
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/v1/health`, { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
      response.resume().once("end", () => resolve({ token, begun, status: response.statusCode ?? 0, reused: sent.reusedSocket }));
    });
    sent.once("error", reject).end();
  });
}

test("regenerate and revoke under load on two nodes: no request that started after an in_force answer is accepted", async () => {
  const holders = await Promise.all(Array.from({ length: accessCount }, addHolder));
  const seen: Call[] = [];
  /** When the answer that a token is accepted nowhere any more was here. */
  const endedAt = new Map<string, number>();
  const proofs: Proof[] = [];
  const load = { running: true };

  async function lane(holder: Holder, url: string, number: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let turn = number; load.running; turn += 1) {
      // the newest token, and by turns the ones before it
      const token = holder.tokens[Math.max(0, holder.tokens.length - 1 - (turn % 4))]?.text ?? "";
      seen.push(await call(agent, url, token));
      holder.called.emit(`${url} ${number}`);
    }
    agent.destroy();
  }

  async function everyLaneCalls(holder: Holder): Promise<void> {
    const names = places.flatMap(({ gateway }) => Array.from({ length: lanesPerNode }, (_, number) => `${gateway} ${number}`));
    await Promise.all(
      names.map(async (name) => {
        // the first may have started before the turn
        for (let calls = 0; calls <= callsBetween; calls += 1) await once(holder.called, name);
      }),
    );
  }

  async function turn(holder: Holder, round: number): Promise<void> {
    const place = places[round % places.length] ?? { gateway: "", admin: "" };
    const before = holder.tokens.at(-1) ?? { text: "", id: "" };
    const path = `/v1/accesses/${holder.accessId}/tokens`;
    const isRevoke = round % 3 === 2;
    const told = isRevoke
      ? await admin(place, "POST", `/v1/tokens/${before.id}/revoke`, { reason: "test" })
      : await admin(place, "POST", `${path}/regenerate`, { overlap: "0" });
    proofs.push(await inForce(place, told));
    endedAt.set(before.text, performance.now());
    const next = isRevoke ? await admin(place, "POST", path, {}) : told;
    holder.tokens.push({ text: String(next["token"]), id: String(next["token_id"]) });
    await everyLaneCalls(holder);
  }

  const lanes = holders.flatMap((holder) =>
    places.flatMap(({ gateway }) => Array.from({ length: lanesPerNode }, (_, number) => lane(holder, gateway, number))),
  );
  await Promise.all(
    holders.map(async (holder, number) => {
      for (let round = 0; round < rounds; round += 1) await turn(holder, round + number);
    }),
  );
  load.running = false;
  await Promise.all(lanes);

  const late = seen.filter((one) => one.begun > (endedAt.get(one.token) ?? Number.POSITIVE_INFINITY));
  expect(late.filter((one) => one.status !== 401)).toEqual([]);
  // the test could have failed: every ended token was presented after its answer, and every live one was accepted
  expect(endedAt.size).toBe(accessCount * rounds);
  expect(new Set(late.map((one) => one.token)).size).toBe(endedAt.size);
  expect(late.length).toBeGreaterThan(endedAt.size * 8);
  const accepted = new Set(seen.filter((one) => one.status === 200).map((one) => one.token));
  expect(accepted.size).toBe(accessCount * (rounds + 1));
  expect(seen.filter((one) => one.status !== 200 && one.status !== 401)).toEqual([]);
  expect(seen.filter((one) => !one.reused).length).toBeLessThanOrEqual(lanes.length);
  await checkProofs(proofs);
});

/** Each names both nodes with epoch and milliseconds, and is one entry of the admin log. */
async function checkProofs(proofs: Proof[]): Promise<void> {
  expect(new Set(proofs.flatMap((proof) => proof.nodes.map((node) => node.node_id))).size).toBe(2);
  for (const proof of proofs) {
    expect(proof.nodes).toHaveLength(2);
    for (const node of proof.nodes) expect(node).toMatchObject({ epoch: expect.stringMatching(/^\d+$/), milliseconds: expect.any(Number) });
  }
  const entries = await tenantTx(base.db, fixture.tenantId, (tx) =>
    tx
      .selectFrom("admin_entry")
      .select("target_id")
      .where("tenant_id", "=", fixture.tenantId)
      .where("action", "=", "revocation.in_force")
      .execute(),
  );
  expect(entries.map((entry) => entry.target_id).toSorted()).toEqual(proofs.map((proof) => proof.revocation_id).toSorted());
}
