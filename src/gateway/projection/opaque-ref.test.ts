import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createOpaqueRefs } from "./opaque-ref.ts";

const dataKey = randomBytes(32);
const refs = createOpaqueRefs(dataKey, "ten_a", "lic_a");
const integers = fc.bigInt({ min: 0n, max: 999_999_999_999_999_999n }).map(String);

test("an integer comes back from its reference, which is always the same and has one form", () => {
  fc.assert(
    fc.property(integers, (value) => {
      const ref = refs.hide("imovel", value);
      expect(ref).toMatch(/^ref_[a-z2-7]{26}$/);
      expect(refs.hide("imovel", value)).toBe(ref);
      expect(refs.reveal("imovel", ref)).toBe(value);
    }),
  );
});

test("another license, tenant, kind or key gives another reference and cannot read this one", () => {
  const ref = refs.hide("imovel", "1234567");
  for (const other of [
    createOpaqueRefs(dataKey, "ten_a", "lic_b"),
    createOpaqueRefs(dataKey, "ten_b", "lic_a"),
    createOpaqueRefs(randomBytes(32), "ten_a", "lic_a"),
  ]) {
    expect(other.hide("imovel", "1234567")).not.toBe(ref);
    expect(other.reveal("imovel", ref)).toBeUndefined();
  }
  expect(refs.reveal("conta", ref)).toBeUndefined();
});

test("a reference with any character changed is none", () => {
  const ref = refs.hide("imovel", "42");
  fc.assert(
    fc.property(fc.integer({ min: 4, max: 29 }), fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz234567"), (at, c) => {
      fc.pre(ref[at] !== c);
      expect(refs.reveal("imovel", ref.slice(0, at) + c + ref.slice(at + 1))).toBeUndefined();
    }),
  );
});

test("no text that is not a reference is read, and none throws", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), integers, fc.stringMatching(/^ref_[a-z2-7]{26}$/)), (text) => {
      expect(refs.reveal("imovel", text)).toBeUndefined();
    }),
  );
});

test("a value that is no plain integer gets a one-way reference of the same form", () => {
  for (const value of ["01400-2", "007", "-1", "1.5", "826700000012345600481000000000000000000000001234", "00020126PIX"]) {
    const ref = refs.hide("codigo_barras", value);
    expect(ref).toMatch(/^ref_[a-z2-7]{26}$/);
    expect(refs.reveal("codigo_barras", ref)).toBeUndefined();
  }
});
