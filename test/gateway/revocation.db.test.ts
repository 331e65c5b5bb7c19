import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { KillLevel } from "../../src/contract/kill-switch.ts";
import { setAccessState } from "../../src/control/access/set-state.ts";
import { setClientState } from "../../src/control/client/set-state.ts";
import { setKillSwitch } from "../../src/control/kill-switch/set.ts";
import { undoKillSwitch } from "../../src/control/kill-switch/undo.ts";
import { setPartnerState } from "../../src/control/partner/set-state.ts";
import { policyInForce } from "../../src/control/policy-in-force.ts";
import { createToken } from "../../src/control/token/create.ts";
import { regenerateToken } from "../../src/control/token/regenerate.ts";
import { registerToken } from "../../src/control/token/register.ts";
import { revokeToken } from "../../src/control/token/revoke.ts";
import type { AccessRecord } from "../../src/contract/access-record.ts";
import { type Gateway, startGateway } from "../../src/gateway/start-gateway.ts";
import { sendJson, startUpstream, type Upstream } from "../../src/gateway/testing/test-gateway.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createLog } from "../../src/platform/log.ts";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";
import { contextWith, createTenantFixture, type TenantFixture, testKeyring } from "../helpers/tenant.ts";

// real gateways over the verbs of control: what is taken away is gone once the answer says so
let base: TestDatabase;
let upstream: Upstream;
const gateways: Gateway[] = [];
const records: AccessRecord[] = [];
const keyring = testKeyring();

beforeAll(async () => {
  base = await createTestDatabase();
  upstream = await startUpstream((request, response) => sendJson(response, 200, request.url === "/v1/health" ? '{"status":"up"}' : "{}"));
  for (const nodeId of ["nod_here", "nod_there"]) {
    const gateway = await startGateway({
      host: "127.0.0.1",
      port: 0,
      db: base.db,
      policyListenUrl: base.url,
      keyring,
      journal: {
        append(record) {
          records.push(record);
          return Promise.resolve();
        },
      },
      log: createLog("silent"),
      clock: systemClock,
      nodeId,
      storeGraceMs: 60_000,
    });
    gateways.push(gateway);
  }
});
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.drain(1_000)));
  await upstream[Symbol.asyncDispose]();
  await base[Symbol.asyncDispose]();
});

function tenant(): Promise<TenantFixture> {
  const license = { rate_per_second: 100_000, burst: 1_000_000 };
  return createTenantFixture(base.db, { keyring, serviceUrl: upstream.url, license });
}

/** Asks the nodes as the admin API does: this process is the first one's. */
async function inForce(change: { epoch: bigint }): Promise<void> {
  const [here] = gateways;
  if (here === undefined) throw new Error("a gateway runs");
  const asked = await policyInForce(
    { db: base.db, clock: systemClock, applyHere: (epoch, timeoutMs) => here.applied(epoch, timeoutMs) },
    change.epoch,
  );
  expect(asked).toMatchObject({
    state: "in_force",
    nodes: [
      { node_id: "nod_here", in_force: true },
      { node_id: "nod_there", in_force: true },
    ],
  });
}

/** The policy as it stands, in use on every node: enabling what is active writes nothing and tells the epoch. */
function touch(fixture: TenantFixture) {
  return setAccessState(fixture.ctx, { access_id: fixture.access.access_id, to: "active", reason: "x" });
}

type Answer = { status: number; code: string | undefined; clause: string | undefined };

async function call(token: string, url = gateways[0]?.url ?? ""): Promise<Answer> {
  const response = await fetch(`${url}/v1/health`, { headers: { authorization: `Bearer ${token}` } });
  const body = (await response.json()) as { code?: string; clause?: string };
  return { status: response.status, code: body.code, clause: body.clause };
}

/** The same answer on every node. */
async function everywhere(token: string): Promise<Answer> {
  const answers = await Promise.all(gateways.map((gateway) => call(token, gateway.url)));
  for (const answer of answers) expect(answer).toEqual(answers[0]);
  return answers[0] ?? { status: 0, code: undefined, clause: undefined };
}

describe("kill switches", () => {
  const expected: Record<KillLevel, Answer> = {
    token: { status: 401, code: "unauthorized", clause: undefined },
    access: { status: 401, code: "unauthorized", clause: undefined },
    partner: { status: 401, code: "unauthorized", clause: undefined },
    license: { status: 403, code: "forbidden", clause: "license-switched-off" },
    service: { status: 503, code: "switched-off", clause: "service-switched-off" },
    all: { status: 503, code: "switched-off", clause: "all-switched-off" },
  };

  test.each(Object.keys(expected) as KillLevel[])("%s is off on every node once in force, and back once undone", async (level) => {
    const fixture = await tenant();
    const other = await tenant();
    const targets = {
      token: fixture.tokenId,
      access: fixture.access.access_id,
      license: fixture.license.license_id,
      partner: fixture.partner.partner_id,
      service: fixture.serviceId,
    };
    await inForce(await touch(other));
    expect((await everywhere(fixture.token)).status).toBe(200);
    const set = await setKillSwitch(fixture.ctx, { level, reason: "test", ...(level === "all" ? {} : { target_id: targets[level] }) });
    await inForce(set);
    expect(await everywhere(fixture.token)).toEqual(expected[level]);
    expect(records.at(-1)).toMatchObject({ clause: `${level}-switched-off`, tenantId: fixture.tenantId });
    expect((await everywhere(other.token)).status).toBe(200);
    const person = contextWith(fixture, ["kill-switches:write", "licenses:approve"], { actor: { kind: "user", id: "usr_other" } });
    await inForce(await undoKillSwitch(person, { switch_id: set.switch_id, reason: "over" }));
    expect((await everywhere(fixture.token)).status).toBe(200);
  });
});

test("disabled holders are refused until enabled again; a revoked one for good", async () => {
  const fixture = await tenant();
  const change = {
    partner: (to: "active" | "disabled" | "revoked") =>
      setPartnerState(fixture.ctx, { partner_id: fixture.partner.partner_id, to, reason: "x" }),
    client: (to: "active" | "disabled" | "revoked") =>
      setClientState(fixture.ctx, { client_id: fixture.client.client_id, to, reason: "x" }),
    access: (to: "active" | "disabled" | "revoked") =>
      setAccessState(fixture.ctx, { access_id: fixture.access.access_id, to, reason: "x" }),
  };
  for (const set of Object.values(change)) {
    await inForce(await set("disabled"));
    expect((await everywhere(fixture.token)).status).toBe(401);
    await inForce(await set("active"));
    expect((await everywhere(fixture.token)).status).toBe(200);
  }
  await inForce(await change.access("revoked"));
  expect((await everywhere(fixture.token)).status).toBe(401);
});

test("a value that only the client knows works once its hash is registered", async () => {
  const fixture = await tenant();
  const value = `own_${randomBytes(32).toString("base64url")}`;
  expect((await everywhere(value)).status).toBe(401);
  const sha256 = createHash("sha256").update(value).digest("hex");
  await inForce(await registerToken(fixture.ctx, { access_id: fixture.access.access_id, sha256, overlap: "0" }));
  expect((await everywhere(value)).status).toBe(200);
  expect((await everywhere(fixture.token)).status).toBe(401);
});

test("regenerate and revoke under load: no request that started after an in_force answer is accepted", async () => {
  const fixture = await tenant();
  const { access_id } = fixture.access;
  /** When the answer said that the token is no longer accepted anywhere. */
  const endedAt = new Map<string, number>();
  const tokens = [fixture.token];
  const seen: { token: string; begun: number; status: number }[] = [];
  const load = { running: true };

  async function caller(url: string, lane: number): Promise<void> {
    for (let turn = lane; load.running; turn += 1) {
      // the newest token, and by turns the ones before it
      const token = tokens[Math.max(0, tokens.length - 1 - (turn % 4))] ?? fixture.token;
      const begun = performance.now();
      const { status } = await call(token, url);
      seen.push({ token, begun, status });
    }
  }

  const callers = gateways.flatMap((gateway) => Array.from({ length: 6 }, (_, lane) => caller(gateway.url, lane)));
  let live = { token: fixture.token, token_id: fixture.tokenId };
  for (let round = 0; round < 20; round += 1) {
    const before = live;
    if (round % 3 === 2) {
      await inForce(await revokeToken(fixture.ctx, { token_id: live.token_id, reason: "test" }));
      endedAt.set(before.token, performance.now());
      live = await createToken(fixture.ctx, { access_id });
    } else {
      const made = await regenerateToken(fixture.ctx, { access_id, overlap: "0" });
      await inForce(made);
      endedAt.set(before.token, performance.now());
      live = made;
    }
    tokens.push(live.token);
    const size = seen.length;
    // enough calls with what has just ended before the next turn
    while (seen.length < size + 24) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  load.running = false;
  await Promise.all(callers);
  const late = seen.filter((one) => one.begun > (endedAt.get(one.token) ?? Number.POSITIVE_INFINITY));
  expect(late.filter((one) => one.status !== 401)).toEqual([]);
  // the test could have failed: ended tokens were presented after their answer, and live ones were accepted
  expect(late.length).toBeGreaterThan(50);
  expect(new Set(seen.filter((one) => one.status === 200).map((one) => one.token)).size).toBeGreaterThan(15);
  expect(seen.filter((one) => one.status !== 200 && one.status !== 401)).toEqual([]);
});
