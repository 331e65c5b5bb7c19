import { expect, test } from "vitest";
import { createConnectionGate } from "../http/connection-gate.ts";
import { refusalOf, testCall } from "../testing/test-call.ts";
import { holdShare } from "./hold-share.ts";

test("an address behind a proxy has so many calls under way and no more; another one has its own", async () => {
  const gate = createConnectionGate({ total: Number.POSITIVE_INFINITY, perAddress: 1 });
  const held = Promise.withResolvers<void>();
  const call = (address: string) => testCall({ address });
  const first = holdShare(call("203.0.113.1"), "10.0.0.1", gate, () => held.promise);
  expect(await refusalOf(() => holdShare(call("203.0.113.1"), "10.0.0.1", gate, () => Promise.resolve()))).toBe(
    "too-many-requests address-calls",
  );
  expect(await refusalOf(() => holdShare(call("203.0.113.2"), "10.0.0.1", gate, () => Promise.resolve()))).toBe("passed");
  expect(await refusalOf(() => holdShare(call("203.0.113.1"), "203.0.113.1", gate, () => Promise.resolve()))).toBe("passed");
  held.resolve();
  await first;
  const failing = holdShare(call("203.0.113.1"), "10.0.0.1", gate, () => Promise.reject(new Error("broken")));
  await expect(failing).rejects.toThrow("broken");
  expect(gate.open).toBe(0);
});
