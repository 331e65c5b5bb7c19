import { expect, test } from "vitest";
import { createLog } from "../platform/log.ts";
import { createPolicyKeeper } from "./policy-keeper.ts";
import { createContractCache } from "./policy/contract-cache.ts";
import { changeOf, type PolicyRows } from "./policy/policy-rows.ts";
import { keys, policyRows } from "./testing/test-policy.ts";

function bed() {
  const loads: PromiseWithResolvers<PolicyRows | "anew" | undefined>[] = [];
  const applied: bigint[] = [];
  const asked: (bigint | undefined)[] = [];
  const keeper = createPolicyKeeper({
    async load(from) {
      const load = Promise.withResolvers<PolicyRows | "anew" | undefined>();
      loads.push(load);
      asked.push(from.known);
      const rows = await load.promise;
      return rows === undefined || rows === "anew" ? rows : changeOf(rows);
    },
    onApplied: (snapshot) => applied.push(snapshot.epoch),
    onFault: () => undefined,
    keys,
    contracts: createContractCache(),
    log: createLog("silent"),
  });
  return { loads, applied, asked, keeper };
}

const at = (epoch: bigint) => ({ ...policyRows({}), epoch });

test("a refresh asked for during a load waits for one that began after it, and one serves all who wait", async () => {
  const { loads, keeper } = bed();
  const first = keeper.refresh();
  const second = keeper.refresh();
  const third = keeper.refresh();
  expect(loads).toHaveLength(1);
  loads[0]?.resolve(at(1n));
  await first;
  expect(keeper.current()?.epoch).toBe(1n);
  await Promise.resolve();
  expect(loads).toHaveLength(2);
  loads[1]?.resolve(at(2n));
  await Promise.all([second, third]);
  expect(keeper.current()?.epoch).toBe(2n);
  expect(loads).toHaveLength(2);
});

test("a load that fails keeps the policy in use and does not stop the next one", async () => {
  const { loads, keeper } = bed();
  const first = keeper.refresh();
  loads[0]?.resolve(at(5n));
  await first;
  const second = keeper.refresh();
  loads[1]?.reject(new Error("away"));
  await expect(second).rejects.toThrow("away");
  expect(keeper.current()?.epoch).toBe(5n);
  const third = keeper.refresh();
  loads[2]?.resolve(at(6n));
  await third;
  expect(keeper.current()?.epoch).toBe(6n);
});

test("when the store says so all is read anew, into nothing, and the policy before serves until then", async () => {
  const { loads, keeper, applied, asked } = bed();
  const first = keeper.refresh();
  loads[0]?.resolve(at(5n));
  await first;
  const second = keeper.refresh();
  loads[1]?.resolve("anew");
  await expect.poll(() => loads.length).toBe(3);
  expect(keeper.current()?.epoch).toBe(5n);
  const gone = { ...at(4n), licenses: [], grants: [] };
  loads[2]?.resolve(gone);
  await second;
  expect(keeper.current()?.epoch).toBe(4n);
  expect(applied).toEqual([5n, 4n]);
  expect(asked).toEqual([undefined, 5n, undefined]);
});

test("`applied` resolves when the epoch is in use, and false when it is not in time", async () => {
  const { loads, keeper } = bed();
  const waiting = keeper.applied(3n, 10_000);
  loads[0]?.resolve(at(3n));
  expect(await waiting).toBe(true);
  expect(await keeper.applied(3n, 0)).toBe(true);
  expect(await keeper.applied(4n, 1)).toBe(false);
});
