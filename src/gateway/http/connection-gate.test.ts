import fc from "fast-check";
import { expect, test } from "vitest";
import { createConnectionGate } from "./connection-gate.ts";

test("one address fills its share alone; an IPv6 /64 is one address, and so is IPv4 in two spellings", () => {
  const gate = createConnectionGate({ total: 10, perAddress: 1 });
  expect(gate.enter("203.0.113.1")).toBeDefined();
  expect(gate.enter("::ffff:203.0.113.1")).toBeUndefined();
  expect(gate.enter("203.0.113.2")).toBeDefined();
  expect(gate.enter("2001:db8::1")).toBeDefined();
  expect(gate.enter("2001:db8::2")).toBeUndefined();
  expect(gate.enter("2001:db8:0:1::1")).toBeDefined();
  expect([gate.open, gate.refused]).toEqual([4, 2]);
});

test("a proxy has no share of its own, but all together have a bound", () => {
  const gate = createConnectionGate({ total: 2, perAddress: 1 }, (address) => address === "10.0.0.1");
  const leave = gate.enter("10.0.0.1");
  expect(gate.enter("10.0.0.1")).toBeDefined();
  expect(gate.enter("203.0.113.1")).toBeUndefined();
  leave?.();
  leave?.();
  expect(gate.open).toBe(1);
  expect(gate.enter("203.0.113.1")).toBeDefined();
});

test("whatever comes and goes in whatever order, the counts are those of what is open", () => {
  const steps = fc.array(fc.record({ address: fc.constantFrom("a", "b", "c"), end: fc.nat(30) }), { maxLength: 100 });
  fc.assert(
    fc.property(steps, (list) => {
      const gate = createConnectionGate({ total: 5, perAddress: 3 });
      const open: { address: string; leave: () => void }[] = [];
      for (const { address, end } of list) {
        const leave = gate.enter(address);
        const fits = open.length < 5 && open.filter((one) => one.address === address).length < 3;
        expect(leave !== undefined).toBe(fits);
        if (leave !== undefined) open.push({ address, leave });
        if (end < open.length) open.splice(end, 1)[0]?.leave();
        expect(gate.open).toBe(open.length);
      }
    }),
  );
});
