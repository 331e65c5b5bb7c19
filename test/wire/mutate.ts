import type { Random } from "./random.ts";

/** Pieces that have made two readers differ: framing, line ends, white space, folding, forms of the target. */
const pieces = [
  "\r\n",
  "\n",
  "\r",
  "\r\n\r\n",
  "\0",
  "\x0b",
  "\x7f",
  "\x80",
  "\xff",
  " ",
  "\t",
  ":",
  ";",
  ",",
  "0",
  "1",
  "\r\n ",
  "\r\n\t",
  "\r\n0\r\n\r\n",
  "\r\n5\r\n",
  "Content-Length: 0\r\n",
  "Content-Length: 5\r\n",
  "content-length:7\r\n",
  "Content-Length: 1, 1\r\n",
  "Content-Length: +1\r\n",
  "Content-Length : 4\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: xchunked\r\n",
  "Transfer-Encoding: chunked, identity\r\n",
  "Transfer-Encoding: identity, chunked\r\n",
  "Transfer-Encoding:\x0bchunked\r\n",
  "Transfer-Encoding : chunked\r\n",
  "transfer-encoding: chunked\r\n",
  "Host: other\r\n",
  "Connection: close\r\n",
  "Connection: keep-alive, te\r\n",
  "Upgrade: h2c\r\n",
  "Expect: 100-continue\r\n",
  "http://other/",
  "/../",
  "%2f",
  "%00",
  "?",
  "#",
  "HTTP/1.0",
  "HTTP/1.1",
] as const;

/** Changes a few places of a text: inserts, deletes, doubles, swaps. `smuggled`: a whole message that may be put anywhere. */
export function mutate(text: string, random: Random, smuggled: string): string {
  let changed = text;
  for (let times = random.below(4); times > 0; times -= 1) {
    const at = random.below(changed.length + 1);
    changed = random.chance(1, 12) ? changed.slice(0, at) + smuggled + changed.slice(at) : change(changed, random);
  }
  return changed;
}

function change(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  const length = random.below(12);
  const [before, after] = [text.slice(0, at), text.slice(at)];
  switch (random.below(7)) {
    case 0:
      return before + after.slice(length);
    case 1:
      return before + after.slice(0, length) + after;
    case 2:
      return before + String.fromCharCode(random.below(256)) + after.slice(1);
    case 3:
      return doubleLine(text, random);
    case 4:
      return atLine(text, random);
    default:
      return before + random.of(pieces) + after;
  }
}

function doubleLine(text: string, random: Random): string {
  const lines = text.split("\r\n");
  const at = random.below(lines.length);
  lines.splice(random.below(lines.length), 0, lines[at] ?? "");
  return lines.join("\r\n");
}

/** Puts a piece where a header line may stand. */
function atLine(text: string, random: Random): string {
  const lines = text.split("\r\n");
  const at = 1 + random.below(Math.max(1, lines.length - 1));
  return [...lines.slice(0, at), random.of(pieces).replace(/\r\n$/, ""), ...lines.slice(at)].join("\r\n");
}
