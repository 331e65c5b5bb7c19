import fc from "fast-check";
import { expect, test } from "vitest";
import { AnswerReader, type ReadResult } from "./answer-reader.ts";

function readAll(pieces: Buffer[], more: { isHead?: boolean; ended?: boolean; maxBytes?: number } = {}): ReadResult {
  const reader = new AnswerReader(more.maxBytes ?? 1_000_000);
  reader.expect(more.isHead === true);
  let result: ReadResult = { kind: "more" };
  for (const piece of pieces) {
    if (result.kind === "broken" || result.kind === "too-large") break;
    // what comes behind an answer breaks the connection
    result = piece.length > 0 ? reader.read(Buffer.from(piece)) : result;
  }
  if (more.ended === true && result.kind === "more") result = reader.end();
  reader.free();
  return result;
}

const read = (text: string, more?: Parameters<typeof readAll>[1]): ReadResult => readAll([Buffer.from(text, "latin1")], more);
const ok = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
const early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";

const texts = [
  `${ok}Content-Length: 2\r\n\r\n{}`,
  `${early}${early}${ok}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;a\r\n}\r\n0\r\nA: b\r\n\r\n`,
  `${ok}Connection: close\r\n\r\n{}`,
  `${ok}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}`,
  "HTTP/1.1 204 No Content\r\n\r\n",
  "HTTP/1.1 200 OK\r\nA: b\n\r\n",
];

test("whatever the pieces in which an answer comes, the same is read of it", () => {
  fc.assert(
    fc.property(fc.constantFrom(...texts), fc.array(fc.nat(), { maxLength: 12 }), (text, places) => {
      const bytes = Buffer.from(text, "latin1");
      const cuts = [0, ...places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
      const pieces = cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end));
      expect(readAll(pieces, { ended: true })).toEqual(read(text, { ended: true }));
    }),
  );
});

test.each<[why: string, text: string]>([
  ["an answer to HEAD with a body", `${ok}Content-Length: 2\r\n\r\n{}`],
  ["204 with a body", "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}"],
  ["304 with a body", "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n{}"],
  ["a second answer behind the first", `${ok}Content-Length: 2\r\n\r\n{}${ok}Content-Length: 2\r\n\r\n{}`],
  ["a change of protocol", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"],
  ["more answers before the answer than anybody means", early.repeat(12)],
  ["an answer before the answer with a control character", "HTTP/1.1 103 A\r\nLink: \x01\r\n\r\n"],
  ["a length and chunks", `${ok}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["a coding that is not read", `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ["a list of lengths", `${ok}Content-Length: 2, 2\r\n\r\n{}`],
  ["a folded line", `${ok}A: b\r\n c\r\n\r\n`],
  ["an empty line before the answer", `\r\n${ok}Content-Length: 2\r\n\r\n{}`],
  ["HTTP/0.9", "{}"],
])("%s breaks the connection", (why, text) => {
  expect(read(text, { isHead: why.includes("HEAD") }).kind).toBe("broken");
});

test("the connection's end ends an answer that says no length, and breaks every other", () => {
  expect(read(`${ok}\r\n{}`, { ended: true })).toMatchObject({ kind: "answer", keepAlive: false, answer: { body: Buffer.from("{}") } });
  for (const text of ["", early, ok, `${ok}Content-Length: 3\r\n\r\n{}`, `${ok}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n`])
    expect(read(text, { ended: true }).kind).toBe("broken");
});

test("the end of a kept connection is no answer to the next request", () => {
  const reader = new AnswerReader(100);
  reader.expect(false);
  expect(reader.read(Buffer.from(texts[0] ?? "")).kind).toBe("answer");
  reader.expect(false);
  expect(reader.end().kind).toBe("broken");
  reader.free();
  expect(reader.read(Buffer.from("HTTP/1.1 200 OK\r\n")).kind).toBe("broken");
});

test("a kept connection is in step after an answer before the answer, HEAD and 204", () => {
  const reader = new AnswerReader(100);
  for (let round = 0; round < 3; round += 1) {
    for (const [isHead, text] of [
      [false, `${early}${texts[0]}`],
      [true, `${ok}Content-Length: 2\r\n\r\n`],
      [false, "HTTP/1.1 204 No Content\r\n\r\n"],
    ] as const) {
      reader.expect(isHead);
      expect(reader.read(Buffer.from(text))).toMatchObject({ kind: "answer", keepAlive: true });
    }
  }
  reader.free();
});

test("of an answer that is too large no more than the bound is kept, in one chunk or in thousands", () => {
  expect(read(`${ok}Content-Length: 200000\r\n\r\n${"x".repeat(200_000)}`, { maxBytes: 100_000 }).kind).toBe("too-large");
  expect(read(`${ok}Transfer-Encoding: chunked\r\n\r\n${"1\r\nx\r\n".repeat(20_000)}`, { maxBytes: 10_000 }).kind).toBe("too-large");
  const whole = read(`${ok}Transfer-Encoding: chunked\r\n\r\n${(200_000).toString(16)}\r\n${"x".repeat(200_000)}\r\n0\r\n\r\n`);
  expect(whole).toMatchObject({ kind: "answer", answer: { body: { length: 200_000 } } });
});
