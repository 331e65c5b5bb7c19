import { expect, test } from "vitest";
import { fuzzAnswers } from "./fuzz-answers.ts";
import { fuzzRequests } from "./fuzz-requests.ts";
import { readAnswers, readRequests } from "./strict-reader.ts";

const cases = 3_000;

// the engine `node` does not pass these: node:http reads on behind a request that it is going to refuse, and undici takes
// bytes before and after an answer (docs/network.md)
test("of mutated requests none is forwarded that a second, strict reader does not see in the same bytes", async () => {
  const result = await fuzzRequests({ engine: "wire", seed: 20_261_124, goOn: (done) => done < cases });
  expect(result.faults.slice(0, 3)).toEqual([]);
  expect(result.cases).toBe(cases);
  // a fuzzer whose cases are all refused, or all good, would show nothing
  expect(Math.min(result.forwarded, result.refused)).toBeGreaterThan(cases / 10);
});

test("of a service's mutated answers none is passed on that a second, strict reader does not read in the same bytes", async () => {
  const result = await fuzzAnswers({ engine: "wire", seed: 20_261_124, goOn: (done) => done < cases });
  expect(result.faults.slice(0, 3)).toEqual([]);
  expect(Math.min(result.forwarded, result.refused)).toBeGreaterThan(cases / 10);
});

test("the second reader sees a smuggled request where a lax one would not", () => {
  const hidden = "GET /b HTTP/1.1\r\nHost: a\r\n\r\n";
  const plain = `POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`;
  expect(readRequests(plain).complete.map(({ first }) => first)).toEqual(["POST /a HTTP/1.1"]);
  expect(readRequests(plain.replace(/Content-Length: [0-9]+/, "Content-Length: 0")).complete).toHaveLength(2);
  for (const line of [
    "Content-Length: 1\r\nContent-Length: 1",
    "Transfer-Encoding: chunked\r\nContent-Length: 3",
    "Transfer-Encoding : chunked",
    "A: b\n c",
  ])
    expect(readRequests(`POST /a HTTP/1.1\r\n${line}\r\n\r\n0\r\n\r\n`)).toEqual({ complete: [], end: "broken" });
});

test("the second reader counts answers by the requests they answer", () => {
  const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
  expect(readAnswers(answer + answer, ["GET", "GET"], false).end).toBe("clean");
  expect(readAnswers(answer + answer, ["GET"], false).end).toBe("broken");
});
