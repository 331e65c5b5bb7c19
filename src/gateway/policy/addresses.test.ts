import { expect, test } from "vitest";
import { clientAddress, networkTest, plainAddress, sourceNetwork } from "./addresses.ts";

test("an IPv4 address mapped into IPv6 is the same address", () => {
  expect(plainAddress("::ffff:127.0.0.1")).toBe("127.0.0.1");
  expect(networkTest(["127.0.0.1/32", "::1/128"])("::ffff:127.0.0.1")).toBe(true);
});

test("an access bound to networks is open to them alone, and an unreadable network opens nothing", () => {
  const allows = networkTest(["10.1.0.0/16", "2001:db8::/32", "nonsense"]);
  expect(["10.1.2.3", "2001:db8::1"].map(allows)).toEqual([true, true]);
  expect(["10.2.0.1", "2001:db9::1", "", "nonsense", "10.1.2.3.4"].map(allows)).toEqual([false, false, false, false, false]);
  expect(networkTest(["nonsense"])("10.1.2.3")).toBe(false);
  expect(networkTest([])("10.1.2.3")).toBe(true);
});

test("refusals are counted by /24 and /56", () => {
  expect(sourceNetwork("203.0.113.77")).toBe("203.0.113.0/24");
  expect(sourceNetwork("::ffff:203.0.113.78")).toBe("203.0.113.0/24");
  expect(sourceNetwork("2001:db8:1:2ff::1")).toBe("2001:db8:1:200::/56");
  expect(sourceNetwork("")).toBe("unknown");
});

test("a forwarded address counts only when a trusted proxy says it", () => {
  const proxies = networkTest(["10.0.0.0/8"]);
  expect(clientAddress("203.0.113.1", "198.51.100.1", proxies)).toBe("203.0.113.1");
  expect(clientAddress("10.0.0.1", "198.51.100.1", proxies)).toBe("198.51.100.1");
  expect(clientAddress("10.0.0.1", "192.0.2.9, 198.51.100.1, 10.0.0.2", proxies)).toBe("198.51.100.1");
  expect(clientAddress("10.0.0.1", undefined, proxies)).toBe("10.0.0.1");
  expect(clientAddress("10.0.0.1", "198.51.100.1, garbage", proxies)).toBe("10.0.0.1");
});
