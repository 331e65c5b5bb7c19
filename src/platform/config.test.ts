import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigError, loadConfig, mayRunDemo } from "./config.ts";
import { configKeys } from "./config-keys.ts";

test("without a key the defaults serve this machine only", () => {
  expect(loadConfig({})).toEqual({
    dataDir: resolve("data"),
    keysDir: resolve("data/keys"),
    databaseUrl: undefined,
    gateway: { host: "127.0.0.1", port: 8080 },
    gatewayTls: undefined,
    gatewayConnections: { total: 4096, perAddress: 256 },
    admin: { host: "127.0.0.1", port: 8081 },
    base: { host: "127.0.0.1", port: 8082 },
    trustedProxies: [],
    adminHosts: [],
    demo: "auto",
    logLevel: "info",
    storeGraceMs: 900_000,
    httpEngine: "wire",
    journalSync: "interval",
    alertWebhook: undefined,
    accessLog: false,
    metrics: undefined,
  });
});

test("an unknown AQUEDUTO_ key stops the start and is named; keys of others do not", () => {
  expect(() => loadConfig({ AQUEDUTO_DATE: "./data" })).toThrow(/AQUEDUTO_DATE is not a key .* AQUEDUTO_DATA,/);
  expect(() => loadConfig({ PATH: "/bin", AQUEDUTOX: "1" })).not.toThrow();
});

test.each([
  ["AQUEDUTO_GATEWAY_LISTEN", "8080", "host:port"],
  ["AQUEDUTO_ADMIN_LISTEN", "127.0.0.1:70000", "host:port"],
  ["AQUEDUTO_BASE_LISTEN", "::1:8082", "host:port"],
  ["AQUEDUTO_STORE_GRACE", "15", "a duration like"],
  ["AQUEDUTO_HTTP_ENGINE", "undici", "wire or node"],
  ["AQUEDUTO_JOURNAL_SYNC", "always", "interval or answer"],
  ["AQUEDUTO_ACCESS_LOG", "yes", "on or off"],
  ["AQUEDUTO_METRICS_LISTEN", "0.0.0.0:9464", "loopback"],
  ["AQUEDUTO_ALERT_WEBHOOK", "ftp://x/", "URL"],
  ["AQUEDUTO_DEMO", "yes", "on, off or auto"],
  ["AQUEDUTO_LOG", "verbose", "one of trace, debug"],
  ["AQUEDUTO_TRUSTED_PROXIES", "10.0.0.0/33", "CIDR"],
  ["AQUEDUTO_TRUSTED_PROXIES", "10.0.0.1,proxy", "CIDR"],
  ["AQUEDUTO_ADMIN_HOSTS", "https://x", "host names"],
  ["AQUEDUTO_GATEWAY_CONNECTIONS", "0", "a whole number"],
  ["AQUEDUTO_GATEWAY_CONNECTIONS_PER_ADDRESS", "1e3", "a whole number"],
  ["DATABASE_URL", "mysql://host/db", "postgres://"],
])("%s=%s is refused with the key and the expected form", (name, value, form) => {
  const attempt = () => loadConfig({ [name]: value });
  expect(attempt).toThrow(ConfigError);
  expect(attempt).toThrow(new RegExp(`^${name} must be .*${form}`));
});

test("a refused value is not repeated, because it may be a secret", () => {
  expect(() => loadConfig({ DATABASE_URL: "postgre://u:hunter2@h/d" })).toThrow(
    expect.not.objectContaining({ message: expect.stringContaining("hunter2") }),
  );
});

test("the configuration does not change, and prints without the database's password", () => {
  const config = loadConfig({ DATABASE_URL: "postgres://u:hunter2@h/d" });
  expect(Object.isFrozen(config)).toBe(true);
  expect(JSON.stringify(config)).not.toContain("hunter2");
  expect(config.databaseUrl?.reveal()).toBe("postgres://u:hunter2@h/d");
});

test("certificate and key of the gateway go together, and let its listener be reached from elsewhere", () => {
  const [cert, key] = [{ AQUEDUTO_GATEWAY_TLS_CERT: "/c.pem" }, { AQUEDUTO_GATEWAY_TLS_KEY: "/k.pem" }];
  const open = { AQUEDUTO_GATEWAY_LISTEN: "0.0.0.0:8443" };
  expect(loadConfig({ ...open, ...cert, ...key }).gatewayTls).toEqual({ cert: "/c.pem", key: "/k.pem", clientCa: undefined });
  for (const half of [cert, key, { AQUEDUTO_GATEWAY_TLS_CLIENT_CA: "/ca.pem" }]) expect(() => loadConfig(half)).toThrow(/go together/);
  expect(() => loadConfig(open)).toThrow(/AQUEDUTO_GATEWAY_TLS_CERT/);
  expect(() => loadConfig({ ...cert, ...key, AQUEDUTO_ADMIN_LISTEN: "0.0.0.0:8081" })).toThrow(/AQUEDUTO_ADMIN_LISTEN is reachable/);
  expect(mayRunDemo(loadConfig({ ...cert, ...key }))).toBe(false);
});

test("a listener that other machines reach needs a named TLS proxy", () => {
  for (const name of ["AQUEDUTO_GATEWAY_LISTEN", "AQUEDUTO_ADMIN_LISTEN", "AQUEDUTO_BASE_LISTEN"]) {
    expect(() => loadConfig({ [name]: "0.0.0.0:80" })).toThrow(new RegExp(`^${name} .*AQUEDUTO_TRUSTED_PROXIES`));
  }
  const config = loadConfig({ AQUEDUTO_GATEWAY_LISTEN: "[::]:80", AQUEDUTO_TRUSTED_PROXIES: "10.0.0.5, 10.1.0.0/16,fd00::1" });
  expect(config.trustedProxies).toEqual(["10.0.0.5/32", "10.1.0.0/16", "fd00::1/128"]);
});

describe("the demo", () => {
  test("may run on this machine with its own store alone", () => {
    expect(mayRunDemo(loadConfig({}))).toBe(true);
    expect(mayRunDemo(loadConfig({ AQUEDUTO_DEMO: "off" }))).toBe(false);
    expect(mayRunDemo(loadConfig({ DATABASE_URL: "postgres://h/d" }))).toBe(false);
    expect(mayRunDemo(loadConfig({ AQUEDUTO_BASE_LISTEN: "10.0.0.1:1", AQUEDUTO_TRUSTED_PROXIES: "10.0.0.2" }))).toBe(false);
  });

  test("asked for where it may not run stops the start", () => {
    expect(() => loadConfig({ AQUEDUTO_DEMO: "on", DATABASE_URL: "postgres://h/d" })).toThrow(/^AQUEDUTO_DEMO/);
  });
});

test(".env.example has every key and no other, with the default where there is one", () => {
  const text = readFileSync(new URL("../../.env.example", import.meta.url), "utf8");
  const lines = [...text.matchAll(/^(#?)([A-Z_]+)=(.*)$/gm)].map(([, off, name, value]) => ({
    isOff: off === "#",
    name: name ?? "",
    value: value ?? "",
  }));
  expect(lines.map((line) => line.name).sort()).toEqual(Object.keys(configKeys).sort());
  const fallbacks = new Map(Object.entries(configKeys).map(([name, key]) => [name, key.fallback ?? ""]));
  // a line that is switched off is an example of a key without default
  expect(lines.map(({ isOff, name, value }) => [name, isOff ? "" : value])).toEqual(lines.map(({ name }) => [name, fallbacks.get(name)]));
  // what stands there as an example is valid too
  expect(() => loadConfig({ ...Object.fromEntries(lines.map((line) => [line.name, line.value])), AQUEDUTO_DEMO: "off" })).not.toThrow();
});
