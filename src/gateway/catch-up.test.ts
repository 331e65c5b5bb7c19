import { expect, test } from "vitest";
import { createCatchUp } from "./catch-up.ts";
import type { PolicyKeeper } from "./policy-keeper.ts";

function bed() {
  const known = { newest: 1n, inUse: 1n, reached: true };
  const asked: bigint[] = [];
  const keeper = {
    current: () => ({ epoch: known.inUse }) as ReturnType<PolicyKeeper["current"]>,
    applied(epoch: bigint) {
      asked.push(epoch);
      if (known.reached) known.inUse = epoch;
      return Promise.resolve(known.reached);
    },
  };
  return { known, asked, catchUp: createCatchUp(keeper, () => known.newest) };
}

test("a call waits exactly while a newer policy is known than is in use", async () => {
  const { known, asked, catchUp } = bed();
  expect(catchUp()).toBeUndefined();
  known.newest = 4n;
  await catchUp();
  expect(asked).toEqual([4n]);
  expect(catchUp()).toBeUndefined();
});

test("an epoch that could not be reached holds up one wait alone; the next epoch is waited for again", async () => {
  const { known, asked, catchUp } = bed();
  known.reached = false;
  known.newest = 2n;
  await catchUp();
  expect(catchUp()).toBeUndefined();
  known.newest = 3n;
  await catchUp();
  expect(asked).toEqual([2n, 3n]);
});
