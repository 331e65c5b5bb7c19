import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { expect, test } from "vitest";
import { parseNetworks } from "./networks.ts";

test("networks are brought to address/prefix", () => {
  expect(parseNetworks(["203.0.113.0/24", "127.0.0.1", "::1", "2001:DB8::/32"])).toEqual([
    "203.0.113.0/24",
    "127.0.0.1/32",
    "::1/128",
    "2001:db8::/32",
  ]);
});

test.each([
  "203.0.113.1/24",
  "0.0.0.0/0",
  "10.0.0.0/7",
  "2001::/23",
  "::/0",
  "010.0.0.0/8",
  "0x7f.1",
  "127.1",
  "2130706433",
  "fe80::1%eth0",
  "::ffff:127.0.0.1",
  "::ffff:0:0/96",
  "10.0.0.0/33",
  "10.0.0.0/08",
  "10.0.0.0/",
  "10.0.0.0/8/8",
  "::1/129",
  "",
  "localhost",
  "10.0.0.0 /8",
])("%s is no network of an access", (text) => {
  expect(() => parseNetworks([text])).toThrow(expect.objectContaining({ code: "invalid-field", pointer: "/body/cidrs/0" }));
});

test("a network named twice, however written, is refused", () => {
  expect(() => parseNetworks(["127.0.0.1", "127.0.0.1/32"])).toThrow(expect.objectContaining({ pointer: "/body/cidrs/1" }));
});

test("whatever is accepted contains its own address and has no host bits", () => {
  const v4 = fc.tuple(fc.ipV4(), fc.nat({ max: 33 })).map(([address, prefix]) => `${address}/${prefix}`);
  const v6 = fc.tuple(fc.ipV6(), fc.nat({ max: 129 })).map(([address, prefix]) => `${address}/${prefix}`);
  fc.assert(
    fc.property(fc.oneof(v4, v6, fc.ipV4Extended(), fc.string()), (text) => {
      let network: string | undefined;
      try {
        [network] = parseNetworks([text]);
      } catch {
        return;
      }
      const [address, prefix] = ipaddr.parseCIDR(network ?? "");
      const first =
        address.kind() === "ipv4" ? ipaddr.IPv4.networkAddressFromCIDR(network ?? "") : ipaddr.IPv6.networkAddressFromCIDR(network ?? "");
      expect(first.toString()).toBe(address.toString());
      expect(prefix).toBeGreaterThanOrEqual(address.kind() === "ipv4" ? 8 : 24);
    }),
  );
});
