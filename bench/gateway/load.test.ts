import { expect, test } from "vitest";
import { readWrk } from "./load.ts";

test("the figures of wrk are read in their units, and every answer that is no success counts as bad", () => {
  const text = `Running 3s test @ http://127.0.0.1:1/
  Latency Distribution
     50%  812.00us
     75%    1.10ms
     99%    0.02s
  81234 requests in 3.00s, 101.2MB read
  Socket errors: connect 0, read 2, write 0, timeout 1
  Non-2xx or 3xx responses: 7
Requests/sec:  27078.00`;
  expect(readWrk(text)).toEqual({ requests: 81_234, seconds: 3, bad: 10, p50Us: 812, p99Us: 20_000 });
});

test("what wrk says instead of figures is an error", () => {
  expect(() => readWrk("unable to connect to 127.0.0.1:1 Connection refused")).toThrow("unable to connect");
});
