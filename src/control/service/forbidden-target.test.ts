import { networkInterfaces } from "node:os";
import { expect, test } from "vitest";
import { targetFault } from "./forbidden-target.ts";

const own = () => [
  { host: "127.0.0.1", port: 8080 },
  { host: "db.internal", port: 5432 },
  { host: "::1", port: 443 },
];

test.each([
  "http://169.254.169.254",
  "http://169.254.1.1:8080",
  "http://[fe80::1]",
  "http://[::ffff:a9fe:a9fe]",
  "http://[fd00:ec2::254]",
  "http://metadata.google.internal",
  "http://127.0.0.1:8080",
  "http://127.8.8.8:8080",
  "http://localhost:8080",
  "http://a.localhost:8080",
  "http://0.0.0.0:8080",
  "http://[::1]:8080",
  "http://[::ffff:7f00:1]:8080",
  "http://db.internal:5432",
  "https://localhost",
])("the target %s is refused", (origin) => {
  expect(targetFault(origin, own)).toEqual(expect.any(String));
});

test.each([
  "http://127.0.0.1:8081",
  "http://10.0.0.7:8080",
  "http://gsan.internal:5432",
  "https://gsan.example",
  "http://[fd00::7]:8080",
  "http://db.internal",
])("the target %s is a service", (origin) => {
  expect(targetFault(origin, own)).toBeUndefined();
});

test("any address of this machine reaches what listens on it", () => {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).filter((one) => one.family === "IPv4"));
  for (const { address } of addresses) expect(targetFault(`http://${address}:8080`, own)).toBeDefined();
});
