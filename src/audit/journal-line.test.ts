import { crc32 } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { AccessRecord } from "../contract/access-record.ts";
import { newId } from "../platform/ids.ts";
import { encodeEnd, encodeRecord, parseLine } from "./journal-line.ts";

const text = fc.string({ unit: "binary", maxLength: 60 }).filter((value) => value.isWellFormed() && !value.includes("\0"));
const integer = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const sealed = fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString("base64"));

const record: fc.Arbitrary<AccessRecord> = fc.record(
  {
    id: fc.constant(0).map(() => newId("aud")),
    at: fc.date({ min: new Date("2020-01-01"), max: new Date("2099-12-31"), noInvalidDate: true }).map((date) => date.toISOString()),
    phase: fc.constantFrom("answer", "intent", "completion", "aggregate"),
    tenantId: text,
    partnerId: text,
    licenseId: text,
    licenseVersion: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    clientId: text,
    accessId: text,
    tokenId: text,
    operationId: text,
    method: text,
    route: text,
    status: fc.oneof(fc.constant(0), fc.integer({ min: 100, max: 599 })),
    code: text,
    clause: text,
    requestId: text,
    bytes: integer,
    durationMs: integer,
    ipSealed: sealed,
    agentSealed: sealed,
    count: integer,
    network: text,
  },
  { requiredKeys: ["id", "at", "phase", "method", "route", "status", "code", "requestId"] },
);

function lineOf(value: AccessRecord, counter = 1): Buffer {
  return Buffer.from(encodeRecord(value, counter)).subarray(0, -1);
}

const sample: AccessRecord = {
  id: newId("aud"),
  at: "2026-03-01T12:00:00.000Z",
  phase: "answer",
  method: "GET",
  route: "/v1/properties/{ref}",
  status: 200,
  code: "ok",
  requestId: "req_1",
};

function withCrc(head: string): Buffer {
  return Buffer.from(`${head},"crc":"${crc32(head).toString(16).padStart(8, "0")}"}`);
}

test("every record comes back as it was written, on one line", () => {
  fc.assert(
    fc.property(record, fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (value, counter) => {
      const line = lineOf(value, counter);
      expect(line.includes(10)).toBe(false);
      expect(parseLine(line)).toEqual({ kind: "record", counter, record: value });
    }),
  );
});

test("a line cut anywhere is bad", () => {
  const line = lineOf({ ...sample, clause: "licença ção" });
  for (let length = 0; length < line.length; length += 1) expect(parseLine(line.subarray(0, length)).kind).toBe("bad");
});

test("a line with one changed bit is bad", () => {
  const line = lineOf(sample);
  for (let bit = 0; bit < line.length * 8; bit += 1) {
    const changed = Buffer.from(line);
    changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    expect(parseLine(changed).kind).toBe("bad");
  }
});

test("the parser survives any bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => parseLine(Buffer.from(bytes)).kind === "bad"));
});

test("the closing line comes back", () => {
  expect(parseLine(Buffer.from(encodeEnd(7, sample.at)).subarray(0, -1))).toEqual({ kind: "end", counter: 7, at: sample.at });
});

test.each([
  [
    "another key",
    `{"n":1,"entry_id":"${sample.id}","at":"${sample.at}","phase":"answer","method":"GET","route":"/","status":200,"code":"ok","request_id":"r","extra":1`,
  ],
  [
    "no counter",
    `{"entry_id":"${sample.id}","at":"${sample.at}","phase":"answer","method":"GET","route":"/","status":200,"code":"ok","request_id":"r"`,
  ],
  [
    "counter 0",
    `{"n":0,"entry_id":"${sample.id}","at":"${sample.at}","phase":"answer","method":"GET","route":"/","status":200,"code":"ok","request_id":"r"`,
  ],
  [
    "a missing field",
    `{"n":1,"entry_id":"${sample.id}","at":"${sample.at}","phase":"answer","method":"GET","route":"/","status":200,"code":"ok"`,
  ],
  [
    "a status as text",
    `{"n":1,"entry_id":"${sample.id}","at":"${sample.at}","phase":"answer","method":"GET","route":"/","status":"200","code":"ok","request_id":"r"`,
  ],
  ["a list", `[1`],
  ["an end with more", `{"end":1,"at":"${sample.at}","n":2`],
])("a line with a right checksum but %s is bad", (_case, head) => {
  expect(parseLine(withCrc(head)).kind).toBe("bad");
});

test.each([
  ["a time that is none", { at: "2026-02-30T00:00:00.000Z" }],
  ["a time without milliseconds", { at: "2026-02-20T00:00:00Z" }],
  ["a time past the partitions", { at: "2100-01-01T00:00:00.000Z" }],
  ["NUL, which the store cannot hold", { clause: "a\0b" }],
  ["a lone surrogate", { clause: "\ud800" }],
  ["a fraction", { durationMs: 1.5 }],
  ["a negative size", { bytes: -1 }],
  ["a status that HTTP has not", { status: 600 }],
  ["a license version past int4", { licenseVersion: 2 ** 31 }],
  ["a clear address where a sealed one belongs", { ipSealed: "203.0.113.7" }],
  ["an id of another form", { id: "x" }],
  ["an endless route", { route: "/".repeat(3000) }],
])("a record with %s is refused", (_case, change) => {
  expect(() => encodeRecord({ ...sample, ...change }, 1)).toThrow(RangeError);
});
