import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatListen, isLoopback, parseListen } from "./listen.ts";

test.each([
  ["127.0.0.1:8080", { host: "127.0.0.1", port: 8080 }],
  ["[::1]:0", { host: "::1", port: 0 }],
  ["localhost:65535", { host: "localhost", port: 65_535 }],
])("%s is a listener", (text, listen) => {
  expect(parseListen(text)).toEqual(listen);
  expect(formatListen(listen)).toBe(text);
});

test.each([
  "",
  ":80",
  "host",
  "host:",
  "host:65536",
  "::1:80",
  "[::1]",
  "[127.0.0.1]:80",
  "1.2.3:80",
  "300.1.1.1:80",
  "a b:80",
  "http://h:80",
  "h:80/",
  "h:-1",
  "h:080000",
])("%j is none", (text) => {
  expect(parseListen(text)).toBeUndefined();
});

test("what is formatted parses to the same listener", () => {
  const host = fc.oneof(fc.ipV4(), fc.ipV6());
  fc.assert(
    fc.property(host, fc.integer({ min: 0, max: 65_535 }), (address, port) => {
      expect(parseListen(formatListen({ host: address, port }))).toEqual({ host: address, port });
    }),
  );
});

test("only this machine's own addresses are loopback", () => {
  for (const host of ["127.0.0.1", "127.255.0.3", "::1", "localhost", "LOCALHOST"]) expect([host, isLoopback(host)]).toEqual([host, true]);
  for (const host of ["0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "example.com", "localhost.example.com"])
    expect([host, isLoopback(host)]).toEqual([host, false]);
});
