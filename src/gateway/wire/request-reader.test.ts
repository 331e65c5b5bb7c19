import fc from "fast-check";
import { expect, test } from "vitest";
import { RequestReader, type RequestHead } from "./request-reader.ts";

type Read = { heads: RequestHead[]; bodies: string[]; end: string };

/** What is read of bytes that come in these pieces, as a connection does it. */
function readAll(pieces: Buffer[]): Read {
  const read: Read = { heads: [], bodies: [], end: "more" };
  let body = "";
  const reader = new RequestReader((part) => {
    body += part.toString("latin1");
  });
  let hasHead = false;
  for (const piece of pieces) {
    let rest: Buffer = Buffer.from(piece);
    do {
      const result = reader.read(rest);
      if (result.kind === "broken") {
        reader.free();
        return { ...read, end: `broken ${result.status}` };
      }
      if (result.kind === "more") break;
      rest = result.rest;
      if (!hasHead) read.heads.push(reader.takeHead());
      hasHead = result.kind === "head";
      if (result.kind === "end") {
        read.bodies.push(body);
        body = "";
      }
    } while (rest.length > 0);
  }
  reader.free();
  return read;
}

function cutAt(bytes: Buffer, places: number[]): Buffer[] {
  const cuts = [0, ...places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end));
}

const get = "GET /a?b=c HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer abc\r\nX-Empty:\r\nX-Wide: \t b c \t\r\n\r\n";
const post = 'POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{"a":"b"}';
const chunked = "PUT /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n1\r\nd\r\n0\r\nX-Trailer: 1\r\n\r\n";
const broken = [
  "GET /  HTTP/1.1\r\n\r\n",
  "GET / HTTP/1.1\r\nA : b\r\n\r\n",
  `GET / HTTP/1.1\r\nA: ${"b".repeat(17_000)}\r\n\r\n`,
  "\r\n".repeat(9),
];

test("whatever the pieces in which bytes come, the same requests are read of them", () => {
  const texts = fc.array(fc.constantFrom(get, post, chunked, `\r\n${get}`, ...broken), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(texts, fc.array(fc.nat(), { maxLength: 12 }), (list, places) => {
      const bytes = Buffer.from(list.join(""), "latin1");
      expect(readAll(cutAt(bytes, places))).toEqual(readAll([bytes]));
    }),
  );
  const bytes = Buffer.from(get + post + chunked, "latin1");
  expect(readAll([...bytes].map((byte) => Buffer.from([byte])))).toEqual(readAll([bytes]));
});

test("white space around a value is none of it, and an empty value is one", () => {
  const { heads } = readAll([Buffer.from(get)]);
  expect(heads[0]?.headers).toEqual(["Host", "a", "Authorization", "Bearer abc", "X-Empty", "", "X-Wide", "b c"]);
  expect(heads[0]?.hasBody).toBe(false);
  expect(readAll([Buffer.from("GET / HTTP/1.1\r\nContent-Length: 0 \r\n\r\n")]).heads[0]?.hasBody).toBe(false);
});

test("a body of more than the parser takes at once is read whole, with what follows it", () => {
  const body = "x".repeat(200_000);
  const text = `POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n${get}`;
  const read = readAll([Buffer.from(text)]);
  expect(read.bodies).toEqual([body, ""]);
  expect(read.heads).toHaveLength(2);
});

test("a flood of empty lines is no request, however large", () => {
  expect(readAll([Buffer.from("\r\n".repeat(500_000))]).end).toBe("broken 400");
  expect(readAll([Buffer.from(`\r\n\r\n${get}`)]).heads).toHaveLength(1);
});

test("white space before a value counts as a part of the head", () => {
  expect(readAll([Buffer.from(`GET / HTTP/1.1\r\nA: ${" ".repeat(17_000)}b`)]).end).toBe("broken 431");
});

test("chunk extensions end a request when they are more than its body and a head would be", () => {
  const begin = "POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  expect(readAll([Buffer.from(`${begin}1;${"x".repeat(20_000)}\r\na\r\n0\r\n\r\n`)]).end).toBe("broken 400");
  const small = readAll([Buffer.from(`${begin}${"1\r\na\r\n".repeat(50_000)}0\r\n\r\n`)]);
  expect([small.end, small.bodies[0]?.length]).toEqual(["more", 50_000]);
});

test("a reader that was given back reads nothing, and giving it back twice disturbs no other", () => {
  const ended = new RequestReader(() => undefined);
  expect(ended.read(Buffer.from("GET /ended HT"))).toEqual({ kind: "more" });
  ended.free();
  ended.free();
  const [one, two] = [new RequestReader(() => undefined), new RequestReader(() => undefined)];
  one.read(Buffer.from("GET /one HT"));
  two.read(Buffer.from("GET /two HT"));
  expect(ended.read(Buffer.from("TP/1.1\r\n\r\n"))).toEqual({ kind: "broken", status: 400 });
  expect(one.read(Buffer.from("TP/1.1\r\n\r\n")).kind).toBe("end");
  expect(two.read(Buffer.from("TP/1.1\r\n\r\n")).kind).toBe("end");
  expect([one.takeHead().target, two.takeHead().target]).toEqual(["/one", "/two"]);
  one.free();
  two.free();
});

test("the bytes of an Authorization value are overwritten where they came in, also when a piece cuts it", () => {
  const pieces = ["GET / HTTP/1.1\r\nAuthoriz", "ation: Bearer aq_li", "ve_secret\r\nA: b\r\n\r\n"].map((text) => Buffer.from(text));
  const reader = new RequestReader(() => undefined);
  for (const piece of pieces) reader.read(piece);
  expect(reader.takeHead().headers[1]).toBe("Bearer aq_live_secret");
  expect(Buffer.concat(pieces).toString()).not.toMatch(/aq_li|secret/);
  reader.free();
});
