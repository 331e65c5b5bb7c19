import fc from "fast-check";
import { expect, test } from "vitest";
import { csvLine, csvLines } from "./csv.ts";

test.each([
  ["=1+1", `"'=1+1"`],
  ['=HYPERLINK("http://x")', `"'=HYPERLINK(""http://x"")"`],
  ["+55 81 9", `"'+55 81 9"`],
  ["-2+3", `"'-2+3"`],
  ["-@x", `"'-@x"`],
  ["@SUM(A1)", `"'@SUM(A1)"`],
  ["\t=1", `"'\t=1"`],
  ["\r=1", `"'\r=1"`],
  ["\n=1", `"'\n=1"`],
  ["＝1+1", `"'＝1+1"`],
  ["＋1", `"'＋1"`],
  ["－1", `"'－1"`],
  ["＠SUM(A1)", `"'＠SUM(A1)"`],
  ["-10", `"-10"`],
  [-10.5, `"-10.5"`],
  ["a;b", `"a;b"`],
  ["line\nbreak", `"line\nbreak"`],
  ["line\r\nbreak", `"line\r\nbreak"`],
  ['say "x"', `"say ""x"""`],
  ["a=b", `"a=b"`],
  [["identity=masked", "financial=full"], `"identity=masked, financial=full"`],
  [["=x"], `"'=x"`],
  [null, `""`],
  [undefined, `""`],
  [true, `"true"`],
])("the cell %j is written %s", (value, cell) => {
  expect(csvLine([value])).toBe(`${cell}\r\n`);
});

test("whatever stands in a cell, a reader gets one cell that no spreadsheet takes for a formula", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.tuple(fc.constantFrom(..."=+-@\t\n\r＝＋－＠"), fc.string()).map((parts) => parts.join("")),
      ),
      (text) => {
        const line = csvLine([text]);
        expect(line.startsWith('"') && line.endsWith('"\r\n')).toBe(true);
        const inner = line.slice(1, -3);
        expect(inner.replaceAll('""', "")).not.toContain('"');
        const read = inner.replaceAll('""', '"');
        expect(read === text || read === `'${text}`).toBe(true);
        expect(/^[=+\-@\t\n\r＝＋－＠]/.test(read) && !/^-?\d+(\.\d+)?$/.test(read)).toBe(false);
      },
    ),
  );
});

test("a table has its head, no byte order mark, and its cells by column", async () => {
  async function* rows(): AsyncGenerator<object> {
    yield { b: 2, a: "=x", c: "not asked" };
  }
  const lines = await Array.fromAsync(csvLines(["a", "b"], rows()));
  expect(lines).toEqual(['"a";"b"\r\n', `"'=x";"2"\r\n`]);
});
