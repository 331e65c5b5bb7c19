import { BlockList, isIP } from "node:net";

/** Where a listener binds; port 0 = any free port. */
export type Listen = { host: string; port: number };

/** Reads `127.0.0.1:8080`, `[::1]:8080` or `name:8080`. Undefined when the text has another form. */
export function parseListen(text: string): Listen | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [, bracketed, plain, digits] = match;
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port > 65_535 || (bracketed !== undefined && isIP(bracketed) !== 6)) return undefined;
  // a text of digits and dots is meant as an address
  if (plain !== undefined && /^[\d.]+$/.test(plain) && isIP(plain) !== 4) return undefined;
  return { host, port };
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** True when only this machine reaches the host. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === "localhost") return true;
  const family = isIP(host);
  return family !== 0 && loopback.check(host, family === 6 ? "ipv6" : "ipv4");
}

/** `host:port` as it stands in a URL. */
export function formatListen(listen: Listen): string {
  return `${isIP(listen.host) === 6 ? `[${listen.host}]` : listen.host}:${listen.port}`;
}
