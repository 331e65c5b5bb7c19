import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteCollector } from "./byte-collector.ts";

test("whatever the parts, what is taken is all of them in order, and no part was written to", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 3_000 })), (arrays) => {
      const parts = arrays.map((array) => Buffer.from(array));
      const collector = new ByteCollector();
      for (const part of parts) collector.add(part);
      expect(collector.length).toBe(Buffer.concat(parts).length);
      expect(collector.take()).toEqual(Buffer.concat(arrays));
      expect(parts).toEqual(arrays.map((array) => Buffer.from(array)));
      expect([collector.length, collector.take().length]).toEqual([0, 0]);
    }),
  );
});

test("a body that comes byte by byte takes about its size of memory", () => {
  const collector = new ByteCollector();
  for (let i = 0; i < 100_000; i += 1) collector.add(Buffer.from("a"));
  expect(collector.take().buffer.byteLength).toBeLessThan(300_000);
});
