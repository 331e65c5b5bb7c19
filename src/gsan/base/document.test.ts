import fc from "fast-check";
import { expect, test } from "vitest";
import { documentOf, parseDocument } from "./document.ts";
import { DocumentTable } from "./document-table.ts";

test.each([
  ["111.444.777-35", "11144477735"],
  ["11144477735", "11144477735"],
  ["12.abc.345/01de-35", "12ABC34501DE35"],
  ["00000000000000", undefined],
  ["11111111111", undefined],
  ["1114447773", undefined],
  ["12ABC34501DEAB", undefined],
  ["", undefined],
  ["１１１４４４７７７３５", undefined],
])("%s is the document %s", (text, document) => {
  expect(parseDocument(text)).toBe(document);
});

test("a row's document is its CPF, else its CNPJ, placeholders left out", () => {
  expect(documentOf({ clie_nncpf: "00000000000", clie_nncnpj: "12ABC34501DE35" })).toBe("12ABC34501DE35");
  expect(documentOf({ clie_nncpf: " 11144477735 ", clie_nncnpj: null })).toBe("11144477735");
  expect(documentOf({ clie_nncpf: null, clie_nncnpj: "" })).toBeUndefined();
});

test("the table finds every id of a fingerprint and no other, through collisions and growth", () => {
  const print = fc.record({ high: fc.nat(3), low: fc.constantFrom(0, 1, 2, 1023, 1024, 0xffffffff) });
  const pair = fc.tuple(print, fc.integer({ min: 1, max: 60 }));
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 1_500 }), (pairs) => {
      const table = new DocumentTable(0);
      const wanted = new Map<string, Set<number>>();
      for (const [key, id] of pairs) {
        table.add(key, id);
        const name = `${key.high}.${key.low}`;
        wanted.set(name, (wanted.get(name) ?? new Set()).add(id));
      }
      for (const [key] of pairs) {
        expect(table.find(key).sort((a, b) => a - b)).toEqual([...(wanted.get(`${key.high}.${key.low}`) ?? [])].sort((a, b) => a - b));
      }
      expect(table.find({ high: 9, low: 0 })).toEqual([]);
    }),
    { numRuns: 30 },
  );
});

test("a table grows past what was expected", () => {
  const table = new DocumentTable(0);
  for (let id = 1; id <= 20_000; id += 1) table.add({ high: id, low: Math.imul(id, 2_654_435_761) >>> 0 }, id);
  expect(table.size).toBe(20_000);
  for (const id of [1, 777, 20_000]) expect(table.find({ high: id, low: Math.imul(id, 2_654_435_761) >>> 0 })).toEqual([id]);
});
