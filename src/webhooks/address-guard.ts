import { canonicalAddress, isOwnMachine, isPublicAddress } from "./address-class.ts";

/** A listener that no webhook may reach: the platform's own, and PostgreSQL. Host: an address, a name, or a wildcard. */
export type Listener = { host: string; port: number };

/** What one webhook may be sent to. */
export type TargetPolicy = {
  /** webhook.allowed_address: one exact address:port, which counts for a demo tenant alone. */
  allowedAddress: string | null;
  demo: boolean;
  /** Asked anew at each use: listeners can be added while the dispatcher runs. */
  forbidden: () => readonly Listener[];
};

export type GuardCode = "url-invalid" | "https-required" | "port-refused" | "address-refused" | "target-forbidden" | "name-unresolved";

/** A send that must not happen. The message is the code alone. */
export class GuardError extends Error {
  readonly code: GuardCode;

  constructor(code: GuardCode) {
    super(code);
    this.name = "GuardError";
    this.code = code;
  }
}

/** Ports of services that speak something else and can be abused by a request (SSRF), though they are above 1023. */
const refusedPorts = new Set([
  1080, 1433, 1521, 1723, 2049, 2375, 2376, 2379, 2380, 3128, 3306, 3389, 4369, 5432, 5433, 5672, 5900, 5984, 6000, 6379, 6443, 6667, 9042,
  9092, 9200, 9300, 10250, 10255, 11211, 15672, 25672, 27017, 27018, 50070,
]);

/** Host, port and path of a webhook's URL once it has passed. */
export type VettedUrl = { origin: string; host: string; port: number; path: string; secure: boolean };

/**
 * Checks a webhook's URL without resolving its name: https on 443 or an unreserved port above 1023; no credentials, no
 * fragment. Plain http and any port only for the exact allow-listed address. Throws GuardError.
 */
export function vetUrl(text: string, policy: TargetPolicy): VettedUrl {
  const url = parseUrl(text);
  const secure = url.protocol === "https:";
  const port = url.port === "" ? defaultPort(url.protocol) : Number(url.port);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (isForbidden(host, port, policy)) throw new GuardError("target-forbidden");
  if (!isAllowListed(host, port, policy)) {
    if (!secure) throw new GuardError("https-required");
    if (!isUsualPort(port)) throw new GuardError("port-refused");
  }
  return { origin: url.origin, host, port, path: `${url.pathname}${url.search}`, secure };
}

/** The port that a URL without one means. */
export function defaultPort(protocol: string): number {
  return protocol === "https:" ? 443 : 80;
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !["https:", "http:"].includes(url.protocol)) throw new GuardError("url-invalid");
  const extras = [url.username, url.password, url.hash];
  if (url.hostname === "" || extras.some((part) => part !== "")) throw new GuardError("url-invalid");
  return url;
}

function isUsualPort(port: number): boolean {
  return port === 443 || (port >= 1024 && !refusedPorts.has(port));
}

/**
 * Picks the address to connect to. Every answer must be public: one bad address among them refuses the name, because
 * the next lookup could give that one. The platform's own listeners are refused before any allow-list. Throws GuardError.
 */
export function vetAddresses(addresses: readonly string[], port: number, policy: TargetPolicy): string {
  const first = addresses[0];
  if (first === undefined) throw new GuardError("name-unresolved");
  if (addresses.some((address) => isForbidden(address, port, policy))) throw new GuardError("target-forbidden");
  if (!addresses.every((address) => isPublicAddress(address) || isAllowListed(address, port, policy)))
    throw new GuardError("address-refused");
  return first;
}

/** Whether the socket ended at the address that was vetted; a proxy or a rebound name would show here. */
export function isPinned(remoteAddress: string | undefined, vetted: string): boolean {
  const canonical = remoteAddress === undefined ? undefined : canonicalAddress(remoteAddress);
  return canonical !== undefined && canonical === canonicalAddress(vetted);
}

function isAllowListed(host: string, port: number, policy: TargetPolicy): boolean {
  if (!policy.demo || policy.allowedAddress === null) return false;
  const cut = policy.allowedAddress.lastIndexOf(":");
  const allowedHost = canonicalAddress(policy.allowedAddress.slice(0, cut).replace(/^\[|\]$/g, ""));
  return allowedHost !== undefined && allowedHost === canonicalAddress(host) && policy.allowedAddress.slice(cut + 1) === String(port);
}

function isForbidden(host: string, port: number, policy: TargetPolicy): boolean {
  return policy.forbidden().some((listener) => listener.port === port && reachesListener(host, listener.host));
}

/** Loopback has many spellings, and a listener on a wildcard or on any loopback address may answer on all of them. */
function reachesListener(host: string, listenerHost: string): boolean {
  const address = canonicalAddress(host);
  const listener = canonicalAddress(listenerHost);
  if (address === undefined || listener === undefined) {
    const local = (name: string) => name === "localhost" || name.endsWith(".localhost") || isOwnMachine(name);
    return host.toLowerCase() === listenerHost.toLowerCase() || (local(host) && local(listenerHost));
  }
  return address === listener || (isOwnMachine(address) && isOwnMachine(listener));
}
