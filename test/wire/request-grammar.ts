import type { Random } from "./random.ts";

/** One to three requests on one connection, each as a careful client writes it, about an object of its own. */
export function requests(random: Random, authorization: string, firstObject: number): string {
  let text = "";
  const count = 1 + random.below(3);
  for (let i = 0; i < count; i += 1) text += request(random, authorization, firstObject + i);
  return text;
}

/** A whole request that nobody meant to send: what a smuggler hides in the bytes of another. */
export function smuggledRequest(authorization: string, object: number): string {
  return `GET /v1/properties/${object} HTTP/1.1\r\nHost: gateway\r\nAuthorization: ${authorization}\r\n\r\n`;
}

function request(random: Random, authorization: string, number: number): string {
  const lines = ["Host: gateway", ...(random.chance(9, 10) ? [`Authorization: ${authorization}`] : [])];
  if (random.chance(1, 4))
    lines.push(random.of(["Accept: */*", "User-Agent: fuzz/1", "X-Forwarded-For: 1.2.3.4", "Connection: keep-alive", "Cookie: a=b"]));
  if (random.chance(2, 3))
    return `GET /v1/properties/${number}${random.of(["", "", "?limit=5"])} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
  const body = `{"property":"${number}"}`;
  lines.push("Content-Type: application/json");
  const framed = random.chance(1, 2)
    ? { line: `Content-Length: ${body.length}`, body }
    : { line: "Transfer-Encoding: chunked", body: chunked(body, random) };
  return `POST /v1/requests HTTP/1.1\r\n${[...lines, framed.line].join("\r\n")}\r\n\r\n${framed.body}`;
}

/** A body in chunks of any size, sometimes with an extension or a trailer. */
export function chunked(body: string, random: Random): string {
  let text = "";
  for (let at = 0; at < body.length;) {
    const length = Math.min(body.length - at, 1 + random.below(9));
    text += `${length.toString(16)}${random.chance(1, 6) ? ";a=b" : ""}\r\n${body.slice(at, at + length)}\r\n`;
    at += length;
  }
  return `${text}0\r\n${random.chance(1, 6) ? "X-Trailer: 1\r\n" : ""}\r\n`;
}
