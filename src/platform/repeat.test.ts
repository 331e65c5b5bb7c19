import { afterEach, expect, test, vi } from "vitest";
import { createLog } from "./log.ts";
import { startRepeating } from "./repeat.ts";

afterEach(() => vi.useRealTimers());

const log = createLog("silent");

test("looks that come while a turn runs are left out, and stopping waits for it", async () => {
  vi.useFakeTimers();
  const held: (() => void)[] = [];
  const turn = () => new Promise<void>((resolve) => held.push(resolve));
  const job = startRepeating({ everyMs: 10, turn, failed: "not done", log });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(held).toHaveLength(1);
  held[0]?.();
  await vi.advanceTimersByTimeAsync(10);
  expect(held).toHaveLength(2);
  let stopped = false;
  const stopping = job.stop().then(() => (stopped = true));
  await vi.advanceTimersByTimeAsync(1_000);
  expect([stopped, held.length]).toEqual([false, 2]);
  held[1]?.();
  await stopping;
});

test("a turn that fails is said and tried again", async () => {
  vi.useFakeTimers();
  const said = vi.spyOn(log, "warn");
  let turns = 0;
  const turn = () => Promise.reject(Object.assign(new Error("away"), { code: `E${(turns += 1)}` }));
  const job = startRepeating({ everyMs: 10, turn, failed: "not done", log });
  await vi.advanceTimersByTimeAsync(20);
  await job.stop();
  expect(said.mock.calls).toEqual([
    [{ code: "E1" }, "not done"],
    [{ code: "E2" }, "not done"],
  ]);
});
