import { expect, test } from "vitest";
import type { TakenHeaders } from "../http/read-headers.ts";
import { refusalOf, testCall } from "../testing/test-call.ts";
import { checkFraming } from "./check-framing.ts";

function verdict(headers: Partial<TakenHeaders>, method = "POST", version = "1.1"): Promise<string> {
  return refusalOf(() => checkFraming(method, version, testCall({ headers }).headers));
}

test("one framing passes", async () => {
  expect(await verdict({ contentLength: "12" })).toBe("passed");
  expect(await verdict({ transferEncoding: "Chunked" })).toBe("passed");
  expect(await verdict({ expect: "100-Continue", contentLength: "1" })).toBe("passed");
  expect(await verdict({}, "GET", "1.0")).toBe("passed");
});

test("anything that two servers could read differently is refused", async () => {
  expect(await verdict({ contentLength: "1", transferEncoding: "chunked" })).toBe("bad-request framing");
  expect(await verdict({ transferEncoding: "chunked" }, "POST", "1.0")).toBe("bad-request framing");
  expect(await verdict({ transferEncoding: "gzip, chunked" })).toBe("bad-request framing");
  for (const contentLength of ["+1", "0x1", "1, 1", "", " 1", "01", "-1", "1e3"])
    expect(await verdict({ contentLength })).toBe("bad-request content-length");
  for (const host of ["", "a b", "a@b", "a/b", "a:b:c", "a:", "[::1"]) expect(await verdict({ host })).toBe("bad-request host");
  for (const host of ["gateway", "gateway:8080", "127.0.0.1:1", "[::1]:8080"]) expect(await verdict({ host })).toBe("passed");
  expect(await verdict({ repeated: ["authorization"] })).toBe("bad-request header-repeated");
  expect(await verdict({ upgrade: "h2c" })).toBe("bad-request upgrade");
  expect(await verdict({ expect: "200-ok" })).toBe("bad-request expect");
  for (const method of ["TRACE", "CONNECT", "get", "", "PROPFIND"]) expect(await verdict({}, method)).toBe("bad-request method");
});
