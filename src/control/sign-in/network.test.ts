import { expect, test } from "vitest";
import { callerNetwork } from "./network.ts";

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["2001:db8:1:2:3:4:5:6", callerNetwork("2001:db8:1:2::1")],
  ["no address", "no address"],
])("the network of %s", (ip, network) => {
  expect(callerNetwork(ip)).toBe(network);
});

test("another /64 is another network", () => {
  expect(callerNetwork("2001:db8:1:2::1")).not.toBe(callerNetwork("2001:db8:1:3::1"));
});
