import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalAddress, isPublicAddress } from "./address-class.ts";
import { GuardError, isPinned, type TargetPolicy, vetAddresses, vetUrl } from "./address-guard.ts";

const strict: TargetPolicy = { allowedAddress: null, demo: false, forbidden: () => [] };
const demo: TargetPolicy = { allowedAddress: "127.0.0.1:4000", demo: true, forbidden: () => [{ host: "127.0.0.1", port: 8080 }] };

function codeOf(work: () => unknown): string {
  try {
    work();
    return "passed";
  } catch (error) {
    if (error instanceof GuardError) return error.code;
    throw error;
  }
}

const notPublic = [
  "0.0.0.0",
  "0.1.2.3",
  "10.0.0.1",
  "10.255.255.255",
  "100.64.0.1",
  "100.127.255.254",
  "127.0.0.1",
  "127.255.255.254",
  "169.254.0.1",
  "169.254.169.254",
  "172.16.0.1",
  "172.31.255.255",
  "192.0.0.1",
  "192.0.2.1",
  "192.88.99.1",
  "192.168.1.1",
  "198.18.0.1",
  "198.19.255.255",
  "198.51.100.7",
  "203.0.113.9",
  "224.0.0.1",
  "239.255.255.255",
  "240.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "fe80::1",
  "febf::1",
  "fec0::1",
  "fc00::1",
  "fd00:ec2::254",
  "ff02::1",
  "100::1",
  "2001:db8::1",
  "2001::1",
  "2001:2::1",
  "2001:10::1",
  "2001:20::1",
  "2002:7f00:1::",
  "2002:808:808::",
  "3fff::1",
  "5f00::1",
  "4000::1",
  "::127.0.0.1",
  "::ffff:127.0.0.1",
  "::ffff:10.0.0.1",
  "::ffff:a9fe:a9fe",
  "0:0:0:0:0:ffff:7f00:1",
  "::ffff:0:127.0.0.1",
  "64:ff9b::7f00:1",
  "64:ff9b::10.0.0.1",
  "64:ff9b::a9fe:a9fe",
  "64:ff9b:1::808:808",
  "fe80::1%eth0",
  "127.1",
  "2130706433",
  "0x7f000001",
  "017700000001",
  "0177.0.0.1",
  "localhost",
  "",
  "1.2.3.4.5",
  "8.8.8.8 ",
];

describe("addresses", () => {
  test.each(notPublic)("%j is not public", (address) => {
    expect(isPublicAddress(address)).toBe(false);
    expect(codeOf(() => vetAddresses([address], 443, strict))).toBe("address-refused");
  });

  test.each([
    "8.8.8.8",
    "1.1.1.1",
    "200.160.2.3",
    "172.15.0.1",
    "172.32.0.1",
    "100.63.0.1",
    "2606:4700::1111",
    "2804:14d::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
  ])("%s is public", (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  test("no IPv4 address is public in one form and not in its mapped or NAT64 form", () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(isPublicAddress(`::ffff:${address}`)).toBe(isPublicAddress(address));
        expect(isPublicAddress(`64:ff9b::${address}`)).toBe(isPublicAddress(address));
      }),
    );
  });

  test("whatever is public has one canonical form that is public too", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        const canonical = canonicalAddress(address);
        expect(canonical !== undefined && isPublicAddress(canonical)).toBe(isPublicAddress(address));
      }),
    );
  });

  test("one bad answer among good ones refuses the name", () => {
    expect(codeOf(() => vetAddresses(["8.8.8.8", "10.0.0.1"], 443, strict))).toBe("address-refused");
    expect(vetAddresses(["8.8.8.8", "1.1.1.1"], 443, strict)).toBe("8.8.8.8");
    expect(codeOf(() => vetAddresses([], 443, strict))).toBe("name-unresolved");
  });

  test("a socket that ends elsewhere than at the vetted address is noticed", () => {
    expect(isPinned("::ffff:8.8.8.8", "8.8.8.8")).toBe(true);
    expect(isPinned("10.0.0.1", "8.8.8.8")).toBe(false);
    expect(isPinned(undefined, "8.8.8.8")).toBe(false);
  });
});

describe("urls", () => {
  test.each([
    ["https://partner.example/hook?x=1", "passed"],
    ["https://partner.example:8443/", "passed"],
    ["http://partner.example/", "https-required"],
    ["https://partner.example:22/", "port-refused"],
    ["https://partner.example:5432/", "port-refused"],
    ["https://partner.example:80/", "port-refused"],
    ["https://user@partner.example/", "url-invalid"],
    ["https://user:pass@partner.example/", "url-invalid"],
    ["https://partner.example/#x", "url-invalid"],
    ["ftp://partner.example/", "url-invalid"],
    ["file:///etc/passwd", "url-invalid"],
    ["javascript:alert(1)", "url-invalid"],
    ["https://", "url-invalid"],
    ["partner.example", "url-invalid"],
  ])("%s: %s", (url, expected) => {
    expect(codeOf(() => vetUrl(url, strict))).toBe(expected);
  });

  test.each(["https://0x7f.1/", "https://2130706433/", "https://127.1/", "https://[::ffff:7f00:1]/", "https://0177.0.0.1/"])(
    "%s is read as loopback and refused",
    (url) => {
      const { host } = vetUrl(url, strict);
      expect(codeOf(() => vetAddresses([host], 443, strict))).toBe("address-refused");
    },
  );
});

describe("the allow-list", () => {
  test("the exact address and port of a demo tenant pass, by plain http too", () => {
    expect(vetUrl("http://127.0.0.1:4000/hook", demo)).toMatchObject({ host: "127.0.0.1", port: 4000, path: "/hook", secure: false });
    expect(vetAddresses(["127.0.0.1"], 4000, demo)).toBe("127.0.0.1");
  });

  test.each(["http://127.0.0.1:4001/", "http://127.0.0.2:4000/", "http://localhost:4000/", "http://[::1]:4000/"])("%s does not", (url) => {
    expect(codeOf(() => vetUrl(url, demo))).toBe("https-required");
  });

  test("it counts for a demo tenant alone", () => {
    const real = { ...demo, demo: false };
    expect(codeOf(() => vetUrl("http://127.0.0.1:4000/", real))).toBe("https-required");
    expect(codeOf(() => vetAddresses(["127.0.0.1"], 4000, real))).toBe("address-refused");
  });

  test("an own listener is refused though it is on the allow-list", () => {
    for (const host of ["127.0.0.1", "0.0.0.0", "::", "::1", "localhost", "127.0.0.2", "::ffff:127.0.0.1"]) {
      const policy = { ...demo, forbidden: () => [{ host, port: 4000 }] };
      expect(codeOf(() => vetUrl("http://127.0.0.1:4000/", policy))).toBe("target-forbidden");
      expect(codeOf(() => vetAddresses(["127.0.0.1"], 4000, policy))).toBe("target-forbidden");
    }
  });

  test("an own listener on a public address or by name is refused too", () => {
    const policy = {
      ...strict,
      forbidden: () => [
        { host: "8.8.8.8", port: 8443 },
        { host: "Store.example", port: 443 },
      ],
    };
    expect(codeOf(() => vetAddresses(["8.8.8.8"], 8443, policy))).toBe("target-forbidden");
    expect(codeOf(() => vetUrl("https://store.example/", policy))).toBe("target-forbidden");
  });
});
