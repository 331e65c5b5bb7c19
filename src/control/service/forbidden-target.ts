import { networkInterfaces } from "node:os";
import ipaddr from "ipaddr.js";

/** Where the platform itself listens, or its store: `host:port`, a port always stated. */
export type OwnPlaces = () => readonly { host: string; port: number }[];

/** Names under which clouds tell a machine about itself, keys included. */
const metadataNames = /^(metadata|metadata\.google\.internal|instance-data(\..*)?)\.?$/;
/** AWS, over IPv6; it lies in the private space that targets may be in. */
const metadataAddress = "fd00:ec2::254";

/**
 * Why a service may not be reached at a target (an origin), or undefined. Internal addresses are what targets are for;
 * link-local ones (a cloud's metadata), the platform's own listeners and its store are not. A name is judged by its text:
 * who sets targets is trusted with the names of the utility's network.
 */
export function targetFault(origin: string, ownPlaces: OwnPlaces = () => []): string | undefined {
  const url = new URL(origin);
  const host = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (metadataNames.test(host)) return "this is where a cloud tells a machine about itself";
  const address = addressOf(host);
  if (address !== undefined && (address.range() === "linkLocal" || address.toString() === ipaddr.parse(metadataAddress).toString()))
    return "a link-local address is no service: a cloud's metadata lies there";
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  const isOwn = ownPlaces().some((place) => place.port === port && isSame(host, place.host.toLowerCase()));
  return isOwn ? "the platform itself, or its store, listens there" : undefined;
}

/** A mapped IPv4 address (::ffff:a.b.c.d) is that address. */
function addressOf(host: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  return ipaddr.isValid(host) ? ipaddr.process(host) : undefined;
}

function isSame(one: string, other: string): boolean {
  const [first, second] = [addressOf(one)?.toString() ?? one, addressOf(other)?.toString() ?? other];
  return first === second || (isThisMachine(one) && isThisMachine(other));
}

/** What listens on one address of the machine may listen on all of them. */
function isThisMachine(host: string): boolean {
  if (/^(.*\.)?localhost\.?$/.test(host)) return true;
  const address = addressOf(host);
  if (address === undefined) return false;
  if (["loopback", "unspecified"].includes(address.range())) return true;
  const known = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return known.some((one) => addressOf(one.address)?.toString() === address.toString());
}
