import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { createCatchUp } from "../../src/gateway/catch-up.ts";
import { createContractCache } from "../../src/gateway/policy/contract-cache.ts";
import { createPolicyKeeper } from "../../src/gateway/policy-keeper.ts";
import { startPolicyListener } from "../../src/gateway/policy-listener.ts";
import { loadPolicy } from "../../src/gateway/snapshot-loader.ts";
import { sendJson, startTestGateway, startUpstream } from "../../src/gateway/testing/test-gateway.ts";
import { policyRows } from "../../src/gateway/testing/test-policy.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createLog } from "../../src/platform/log.ts";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";
import { createTenantFixture, type TenantFixture } from "../helpers/tenant.ts";
import { until } from "../helpers/until.ts";

export type RevokeThenCall = {
  url: string;
  port: number;
  token: string;
  tokenId: string;
  /** 1 once the call's bytes are on their way. */
  written: SharedArrayBuffer;
  /** Of the store after the token ended. */
  epoch: SharedArrayBuffer;
};

const log = createLog("silent");

/** The gateway's own keeper and listener over the store, its pipeline and transport; `onChange` is what the listener wakes. */
async function bed(base: TestDatabase, fixture: TenantFixture) {
  const keeper = createPolicyKeeper({
    load: (from, sink) => loadPolicy(base.db, from, sink),
    onApplied: () => undefined,
    keys: fixture.keyring,
    contracts: createContractCache(),
    onFault: () => undefined,
    log,
  });
  await keeper.refresh();
  const listener = startPolicyListener({ url: base.url, onChange: () => void keeper.refresh(), log });
  const gateway = await startTestGateway(policyRows({}), {
    parts: {
      policy: () => keeper.current()!,
      catchUp: createCatchUp(keeper, () => listener.newest()),
      clock: systemClock,
      keyring: fixture.keyring,
    },
  });
  return {
    keeper,
    listener,
    gateway,
    async [Symbol.asyncDispose]() {
      await listener.close();
      await gateway[Symbol.asyncDispose]();
    },
  };
}

test("the listener's thread learns of an epoch while the loop is blocked, and the call that came meanwhile is judged by it", async () => {
  await using base = await createTestDatabase();
  await using upstream = await startUpstream((_request, response) => sendJson(response, 200, '{"status":"up"}'));
  const fixture = await createTenantFixture(base.db, { serviceUrl: upstream.url });
  await using node = await bed(base, fixture);
  const { keeper, listener, gateway } = node;
  await until("the listener listens", () => listener.newest() > 0n && listener.newest() === keeper.current()?.epoch);

  const [written, epoch] = [new SharedArrayBuffer(4), new SharedArrayBuffer(8)];
  const { token, tokenId } = fixture;
  const workerData: RevokeThenCall = { url: base.ownerUrl, port: gateway.port, token, tokenId, written, epoch };
  const caller = new Worker(new URL("../helpers/revoke-then-call-thread.ts", import.meta.url), { workerData });
  await using _caller = { [Symbol.asyncDispose]: async () => void (await caller.terminate()) };
  expect(await once(caller, "message")).toEqual([{ before: 200 }]);
  const inUse = keeper.current()?.epoch ?? 0n;
  const forwarded = upstream.received.length;

  // from here to the next await nothing of this thread's loop runs: no notice, no timer, no socket
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
  caller.postMessage("go");
  const blockedUntil = performance.now() + 30_000;
  expect(Atomics.wait(new Int32Array(written), 0, 0, 30_000)).not.toBe("timed-out");
  const newer = Atomics.load(new BigInt64Array(epoch), 0);
  while (listener.newest() < newer && performance.now() < blockedUntil) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
  expect(newer).toBeGreaterThan(inUse);
  expect(listener.newest()).toBeGreaterThanOrEqual(newer);
  expect(keeper.current()?.epoch).toBe(inUse);

  expect(await once(caller, "message")).toEqual([{ after: 401 }]);
  expect(upstream.received.length).toBe(forwarded);
});
