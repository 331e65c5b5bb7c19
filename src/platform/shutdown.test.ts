import { expect, test } from "vitest";
import { createShutdown } from "./shutdown.ts";

test("what was opened last closes first, and a failing or late one holds up nothing", async () => {
  const order: string[] = [];
  const shutdown = createShutdown();
  const never = Promise.withResolvers<void>();
  const failure = new Error("cannot");
  shutdown.add({ name: "store", deadlineMs: 1_000, close: async (deadlineMs) => void order.push(`store ${deadlineMs}`) });
  shutdown.add({ name: "stuck", deadlineMs: 5, close: () => (order.push("stuck"), never.promise) });
  shutdown.add({ name: "broken", deadlineMs: 1_000, close: () => (order.push("broken"), Promise.reject(failure)) });
  shutdown.add({ name: "listener", deadlineMs: 1_000, close: async () => void order.push("listener") });
  expect(await shutdown.run()).toEqual([
    { name: "listener", outcome: "closed" },
    { name: "broken", outcome: "failed", error: failure },
    { name: "stuck", outcome: "late" },
    { name: "store", outcome: "closed" },
  ]);
  expect(order).toEqual(["listener", "broken", "stuck", "store 1000"]);
});

test("a second run is the first one", async () => {
  let closed = 0;
  const shutdown = createShutdown();
  shutdown.add({ name: "once", deadlineMs: 1_000, close: async () => void (closed += 1) });
  expect(await Promise.all([shutdown.run(), shutdown.run()])).toEqual([
    [{ name: "once", outcome: "closed" }],
    [{ name: "once", outcome: "closed" }],
  ]);
  expect(closed).toBe(1);
});
