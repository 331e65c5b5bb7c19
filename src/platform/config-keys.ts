import ipaddr from "ipaddr.js";
import { parseDuration } from "./duration.ts";
import { isLoopback, type Listen, parseListen } from "./listen.ts";
import { Secret } from "./secret.ts";

/** One key of the configuration: undefined from `parse` = the value has another form. */
export type ConfigKey<T> = { fallback: string | undefined; form: string; parse: (text: string) => T | undefined };

const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** Every key that the platform reads from its environment. `form` completes "NAME must be …". */
export const configKeys = {
  AQUEDUTO_DATA: key("./data", "the path of a directory", nonEmpty),
  AQUEDUTO_KEYS: key(undefined, "the path of a directory", nonEmpty),
  DATABASE_URL: key(undefined, "a PostgreSQL URL like postgres://user:password@host:5432/database", databaseUrl),
  AQUEDUTO_GATEWAY_LISTEN: listenKey("127.0.0.1:8080"),
  AQUEDUTO_GATEWAY_TLS_CERT: key(undefined, "the path of a file", nonEmpty),
  AQUEDUTO_GATEWAY_TLS_KEY: key(undefined, "the path of a file", nonEmpty),
  AQUEDUTO_GATEWAY_TLS_CLIENT_CA: key(undefined, "the path of a file", nonEmpty),
  AQUEDUTO_GATEWAY_CONNECTIONS: key("4096", "a whole number from 1 to 1000000", connections),
  AQUEDUTO_GATEWAY_CONNECTIONS_PER_ADDRESS: key("256", "a whole number from 1 to 1000000", connections),
  AQUEDUTO_ADMIN_LISTEN: listenKey("127.0.0.1:8081"),
  AQUEDUTO_BASE_LISTEN: listenKey("127.0.0.1:8082"),
  AQUEDUTO_TRUSTED_PROXIES: key("", "a comma-separated list of addresses or CIDR blocks like 10.0.0.0/8,::1", cidrList),
  AQUEDUTO_ADMIN_HOSTS: key("", "a comma-separated list of host names like aqueduto.example.com,admin.example:8443", hostList),
  AQUEDUTO_DEMO: key("auto", "on, off or auto", (text) => oneOf(["on", "off", "auto"], text)),
  AQUEDUTO_LOG: key("info", `one of ${logLevels.join(", ")}`, (text) => oneOf(logLevels, text)),
  AQUEDUTO_ACCESS_LOG: key("off", "on or off", (text) => oneOf(["on", "off"], text)),
  AQUEDUTO_ALERT_WEBHOOK: key(undefined, "an http or https URL", httpUrl),
  AQUEDUTO_METRICS_LISTEN: key(undefined, "host:port of a loopback address like 127.0.0.1:9464", loopbackListen),
  AQUEDUTO_STORE_GRACE: key("15m", "a duration like 30s, 15m or 1h, or 0 for strict", parseDuration),
  AQUEDUTO_HTTP_ENGINE: key("wire", "wire or node", (text) => oneOf(["wire", "node"], text)),
  AQUEDUTO_JOURNAL_SYNC: key("interval", "interval or answer", (text) => oneOf(["interval", "answer"], text)),
};

function key<T>(fallback: string | undefined, form: string, parse: (text: string) => T | undefined): ConfigKey<T> {
  return { fallback, form, parse };
}

function listenKey(fallback: string): ConfigKey<Listen> {
  return key(fallback, "host:port like 127.0.0.1:8080 or [::1]:8080 (port 0 = any free port)", parseListen);
}

function loopbackListen(text: string): Listen | undefined {
  const listen = parseListen(text);
  return listen !== undefined && isLoopback(listen.host) ? listen : undefined;
}

function httpUrl(text: string): Secret | undefined {
  const protocol = URL.parse(text)?.protocol;
  return protocol === "https:" || protocol === "http:" ? new Secret(text) : undefined;
}

function nonEmpty(text: string): string | undefined {
  return text.includes("\0") ? undefined : text;
}

function connections(text: string): number | undefined {
  const number = /^[1-9]\d{0,6}$/.test(text) ? Number(text) : 0;
  return number >= 1 && number <= 1_000_000 ? number : undefined;
}

function oneOf<const T extends string>(values: readonly T[], text: string): T | undefined {
  return values.find((value) => value === text);
}

function databaseUrl(text: string): Secret | undefined {
  return /^postgres(ql)?:\/\/\S+$/.test(text) ? new Secret(text) : undefined;
}

function listItems(text: string): string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** Canonical CIDR blocks; a single address becomes a block of one. */
function cidrList(text: string): string[] | undefined {
  const blocks = listItems(text).map(cidrBlock);
  return blocks.includes(undefined) ? undefined : blocks.filter((block) => block !== undefined);
}

function cidrBlock(item: string): string | undefined {
  if (ipaddr.isValidCIDR(item)) return item;
  const isAddress = ipaddr.IPv4.isValidFourPartDecimal(item) || ipaddr.IPv6.isValid(item);
  return isAddress ? `${item}/${item.includes(":") ? 128 : 32}` : undefined;
}

function hostList(text: string): string[] | undefined {
  const hosts = listItems(text).map((item) => item.toLowerCase());
  return hosts.every((host) => /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:\d{1,5})?$/.test(host)) ? hosts : undefined;
}
