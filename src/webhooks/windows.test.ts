import { expect, test } from "vitest";
import { Windows } from "./windows.ts";

/** Windows whose jobs end when told, and the order in which they started. */
function bench(options: { size: number; total: number }) {
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  let rooms = 0;
  const windows = new Windows({ ...options, onRoom: () => (rooms += 1) });
  function add(deliveryId: string, window: string, priority = 0): boolean {
    const run = () => {
      started.push(deliveryId);
      return new Promise<void>((resolve) => ends.set(deliveryId, resolve));
    };
    return windows.add({ deliveryId, window, priority, run });
  }
  async function end(deliveryId: string): Promise<void> {
    ends.get(deliveryId)?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { windows, started, add, end, rooms: () => rooms };
}

test("a full window keeps its own work waiting and nobody else's", () => {
  const { started, add } = bench({ size: 2, total: 100 });
  for (const id of ["a1", "a2", "a3", "a4"]) add(id, "a");
  add("b1", "b");
  expect(started).toEqual(["a1", "a2", "b1"]);
});

test("first tries go before retries that waited longer", async () => {
  const { started, add, end } = bench({ size: 1, total: 100 });
  add("a1", "a");
  add("retry1", "a", 1);
  add("retry2", "a", 1);
  add("first", "a", 0);
  await end("a1");
  await end("first");
  await end("retry1");
  expect(started).toEqual(["a1", "first", "retry1", "retry2"]);
});

test("a delivery that is here already is not taken twice", async () => {
  const { windows, started, add, end } = bench({ size: 1, total: 100 });
  expect(add("a1", "a")).toBe(true);
  expect(add("a1", "a")).toBe(false);
  await end("a1");
  expect(started).toEqual(["a1"]);
  expect(windows.known()).toEqual([]);
  expect(add("a1", "a")).toBe(true);
});

test("slots of the total go round the webhooks", async () => {
  const { started, add, end } = bench({ size: 10, total: 1 });
  for (const id of ["a1", "a2", "a3"]) add(id, "a");
  for (const id of ["b1", "b2"]) add(id, "b");
  for (const id of ["a1", "b1", "a2", "b2"]) await end(id);
  expect(started).toEqual(["a1", "b1", "a2", "b2", "a3"]);
});

test("room is asked for when half of what was claimed ahead is used up", async () => {
  const { windows, add, end, rooms } = bench({ size: 1, total: 100 });
  for (let i = 0; i < 9; i += 1) add(`a${i}`, "a");
  expect(windows.room("a")).toBe(0);
  for (let i = 0; i < 3; i += 1) await end(`a${i}`);
  expect(rooms()).toBe(0);
  await end("a3");
  expect(rooms()).toBe(1);
  expect(windows.room("a")).toBe(4);
  expect(windows.room("b")).toBe(8);
});

test("a slot is free as soon as the receiver is done, though the result is not kept yet", async () => {
  const started: string[] = [];
  let kept: () => void = () => undefined;
  const windows = new Windows({ size: 1, total: 100, onRoom: () => undefined });
  windows.add({
    deliveryId: "a1",
    window: "a",
    priority: 0,
    run: (freeSlot) => {
      freeSlot();
      return new Promise((resolve) => (kept = resolve));
    },
  });
  windows.add({ deliveryId: "a2", window: "a", priority: 0, run: async () => void started.push("a2") });
  await new Promise((resolve) => setImmediate(resolve));
  expect(started).toEqual(["a2"]);
  expect(windows.known()).toEqual(["a1"]);
  const idle = windows.idle();
  kept();
  await idle;
  expect(windows.known()).toEqual([]);
});

test("a drain forgets what waits and lets what runs end", async () => {
  const { windows, started, add, end } = bench({ size: 1, total: 100 });
  add("a1", "a");
  add("a2", "a");
  windows.dropWaiting();
  expect(windows.known()).toEqual(["a1"]);
  const idle = windows.idle();
  await end("a1");
  await idle;
  expect(started).toEqual(["a1"]);
});
