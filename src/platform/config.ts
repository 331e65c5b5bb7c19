import { join, resolve } from "node:path";
import { type ConfigKey, configKeys } from "./config-keys.ts";
import { isLoopback, type Listen } from "./listen.ts";
import type { Secret } from "./secret.ts";
import type { TlsFiles } from "./tls-material.ts";

/** The environment asks for something that cannot be; the message names key and expected form. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ConfigError";
  }
}

export type Config = Readonly<{
  /** Absolute. */
  dataDir: string;
  /** Absolute; default `<dataDir>/keys`. */
  keysDir: string;
  /** Undefined = the platform runs a PostgreSQL of its own. */
  databaseUrl: Secret | undefined;
  gateway: Listen;
  /** Absolute; undefined = the gateway's listener is clear text. */
  gatewayTls: TlsFiles | undefined;
  gatewayConnections: { total: number; perAddress: number };
  admin: Listen;
  base: Listen;
  /** CIDR blocks whose forwarded client address is believed. */
  trustedProxies: readonly string[];
  /** Host header values of the admin side besides the listener's own; lower case, with or without port. */
  adminHosts: readonly string[];
  demo: "on" | "off" | "auto";
  logLevel: string;
  /** How long a node serves while its store is away; 0 = not at all. */
  storeGraceMs: number;
  /** What moves the gateway's bytes; see src/gateway/engine.ts. */
  httpEngine: "wire" | "node";
  journalSync: "interval" | "answer";
  /** Where changes of alerts are posted. Its path may be a secret. */
  alertWebhook: Secret | undefined;
  /** A line in the log for each call of the gateway. */
  accessLog: boolean;
  /** Loopback; undefined = metrics on the admin side alone. */
  metrics: Listen | undefined;
}>;

type TlsKey = "AQUEDUTO_GATEWAY_TLS_CERT" | "AQUEDUTO_GATEWAY_TLS_KEY" | "AQUEDUTO_GATEWAY_TLS_CLIENT_CA";

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The configuration, parsed from the environment and frozen. An empty value counts as absent. Throws ConfigError on
 * an unknown AQUEDUTO_ key, a value of another form, or values that do not go together.
 */
export function loadConfig(environment: Environment = process.env): Config {
  refuseUnknownKeys(environment);
  const read = <T>(name: keyof typeof configKeys, key: ConfigKey<T>) => readKey(environment, name, key);
  const dataDir = resolve(required(read("AQUEDUTO_DATA", configKeys.AQUEDUTO_DATA)));
  const config: Config = Object.freeze({
    dataDir,
    keysDir: resolve(read("AQUEDUTO_KEYS", configKeys.AQUEDUTO_KEYS) ?? join(dataDir, "keys")),
    databaseUrl: read("DATABASE_URL", configKeys.DATABASE_URL),
    gateway: required(read("AQUEDUTO_GATEWAY_LISTEN", configKeys.AQUEDUTO_GATEWAY_LISTEN)),
    gatewayTls: readTlsFiles(read),
    gatewayConnections: {
      total: required(read("AQUEDUTO_GATEWAY_CONNECTIONS", configKeys.AQUEDUTO_GATEWAY_CONNECTIONS)),
      perAddress: required(read("AQUEDUTO_GATEWAY_CONNECTIONS_PER_ADDRESS", configKeys.AQUEDUTO_GATEWAY_CONNECTIONS_PER_ADDRESS)),
    },
    admin: required(read("AQUEDUTO_ADMIN_LISTEN", configKeys.AQUEDUTO_ADMIN_LISTEN)),
    base: required(read("AQUEDUTO_BASE_LISTEN", configKeys.AQUEDUTO_BASE_LISTEN)),
    trustedProxies: required(read("AQUEDUTO_TRUSTED_PROXIES", configKeys.AQUEDUTO_TRUSTED_PROXIES)),
    adminHosts: required(read("AQUEDUTO_ADMIN_HOSTS", configKeys.AQUEDUTO_ADMIN_HOSTS)),
    demo: required(read("AQUEDUTO_DEMO", configKeys.AQUEDUTO_DEMO)),
    logLevel: required(read("AQUEDUTO_LOG", configKeys.AQUEDUTO_LOG)),
    storeGraceMs: required(read("AQUEDUTO_STORE_GRACE", configKeys.AQUEDUTO_STORE_GRACE)),
    httpEngine: required(read("AQUEDUTO_HTTP_ENGINE", configKeys.AQUEDUTO_HTTP_ENGINE)),
    alertWebhook: read("AQUEDUTO_ALERT_WEBHOOK", configKeys.AQUEDUTO_ALERT_WEBHOOK),
    accessLog: required(read("AQUEDUTO_ACCESS_LOG", configKeys.AQUEDUTO_ACCESS_LOG)) === "on",
    metrics: read("AQUEDUTO_METRICS_LISTEN", configKeys.AQUEDUTO_METRICS_LISTEN),
    journalSync: required(read("AQUEDUTO_JOURNAL_SYNC", configKeys.AQUEDUTO_JOURNAL_SYNC)),
  });
  refuseOpenListeners(config);
  refuseUnsafeDemo(config);
  return config;
}

/** False when this configuration may never run the demo, whatever the data directory holds. */
export function mayRunDemo(config: Config): boolean {
  return (
    config.demo !== "off" &&
    config.databaseUrl === undefined &&
    config.gatewayTls === undefined &&
    listeners(config).every(([, listen]) => isLoopback(listen.host))
  );
}

function refuseUnknownKeys(environment: Environment): void {
  for (const name of Object.keys(environment)) {
    if (name.startsWith("AQUEDUTO_") && !Object.hasOwn(configKeys, name)) {
      const known = Object.keys(configKeys).filter((key) => key.startsWith("AQUEDUTO_"));
      throw new ConfigError(`${name} is not a key of this release. Known: ${known.join(", ")}.`);
    }
  }
}

function readKey<T>(environment: Environment, name: string, key: ConfigKey<T>): T | undefined {
  const given = environment[name]?.trim();
  const text = given === undefined || given === "" ? key.fallback : given;
  if (text === undefined) return undefined;
  const value = key.parse(text);
  // the value itself is not repeated: DATABASE_URL holds a password, and others may hold a slip
  if (value === undefined) throw new ConfigError(`${name} must be ${key.form}.`);
  return value;
}

function readTlsFiles(read: (name: TlsKey, key: ConfigKey<string>) => string | undefined): TlsFiles | undefined {
  const of = (name: TlsKey): string | undefined => {
    const path = read(name, configKeys[name]);
    return path === undefined ? undefined : resolve(path);
  };
  const cert = of("AQUEDUTO_GATEWAY_TLS_CERT");
  const key = of("AQUEDUTO_GATEWAY_TLS_KEY");
  const clientCa = of("AQUEDUTO_GATEWAY_TLS_CLIENT_CA");
  if (cert !== undefined && key !== undefined) return { cert, key, clientCa };
  if (cert === undefined && key === undefined && clientCa === undefined) return undefined;
  throw new ConfigError("AQUEDUTO_GATEWAY_TLS_CERT and AQUEDUTO_GATEWAY_TLS_KEY go together: name both, or none of the TLS keys.");
}

/** For keys with a fallback, which never read as undefined. */
function required<T>(value: T | undefined): T {
  if (value === undefined) throw new ConfigError("a key without value has no fallback");
  return value;
}

function listeners(config: Config): [name: string, listen: Listen][] {
  return [
    ["AQUEDUTO_GATEWAY_LISTEN", config.gateway],
    ["AQUEDUTO_ADMIN_LISTEN", config.admin],
    ["AQUEDUTO_BASE_LISTEN", config.base],
  ];
}

/** Tokens in clear text must not cross a network: without TLS here, a named proxy has to do it. */
function refuseOpenListeners(config: Config): void {
  if (config.trustedProxies.length > 0) return;
  const open = listeners(config).find(
    ([name, listen]) => !isLoopback(listen.host) && !(name === "AQUEDUTO_GATEWAY_LISTEN" && config.gatewayTls !== undefined),
  );
  if (open === undefined) return;
  throw new ConfigError(
    `${open[0]} is reachable from other machines without TLS. ${open[0] === "AQUEDUTO_GATEWAY_LISTEN" ? "Name AQUEDUTO_GATEWAY_TLS_CERT and AQUEDUTO_GATEWAY_TLS_KEY, put" : "Put"} a TLS proxy in front and name it in AQUEDUTO_TRUSTED_PROXIES (addresses or CIDR blocks like 10.0.0.5,10.1.0.0/16), or listen on 127.0.0.1.`,
  );
}

function refuseUnsafeDemo(config: Config): void {
  if (config.demo !== "on" || mayRunDemo(config)) return;
  throw new ConfigError(
    "AQUEDUTO_DEMO must be off or auto here: on needs DATABASE_URL and the TLS keys unset and every listener on a loopback address.",
  );
}
