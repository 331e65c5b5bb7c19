import { isIP, isIPv4 } from "node:net";
import ipaddr from "ipaddr.js";

const mapped = "::ffff:";

/** An address in its one spelling (IPv4 mapped into IPv6 as IPv4); undefined when it is none. */
export function plainAddress(text: string): string | undefined {
  const tail = text.startsWith(mapped) ? text.slice(mapped.length) : text;
  if (isIPv4(tail)) return tail;
  return isIP(text) === 6 ? ipaddr.process(text).toString() : undefined;
}

/** Whether an address lies in one of the networks. No network = every address; a network that cannot be read holds none. */
export function networkTest(cidrs: readonly string[]): (address: string) => boolean {
  if (cidrs.length === 0) return () => true;
  const networks = cidrs.filter((cidr) => ipaddr.isValidCIDR(cidr)).map((cidr) => ipaddr.parseCIDR(cidr));
  // callers come from few addresses
  return remembered(512, (address) => {
    if (isIP(address) === 0) return false;
    const parsed = ipaddr.process(address);
    return networks.some(([network, bits]) => network.kind() === parsed.kind() && parsed.match([network, bits]));
  });
}

/** The same function, which keeps its latest results; forgets them all when there are too many. */
function remembered(most: number, find: (address: string) => boolean): (address: string) => boolean {
  const known = new Map<string, boolean>();
  return (address) => {
    const before = known.get(address);
    if (before !== undefined) return before;
    if (known.size >= most) known.clear();
    const found = find(address);
    known.set(address, found);
    return found;
  };
}

/** The source network under which refusals of unrecognised callers are counted: /24 or /56; `unknown` for no address. */
export function sourceNetwork(address: string): string {
  if (isIP(address) === 0) return "unknown";
  const parsed = ipaddr.process(address);
  const bits = parsed.kind() === "ipv4" ? 24 : 56;
  const bytes = parsed.toByteArray().map((byte, index) => (index < bits / 8 ? byte : 0));
  return `${ipaddr.fromByteArray(bytes).toString()}/${bits}`;
}

/**
 * The caller's address: the peer's, or, when the peer is a trusted proxy, the rightmost forwarded address that is no
 * trusted proxy itself. A claim that cannot be read ends the walk at the last hop that is known.
 */
export function clientAddress(peer: string, forwardedFor: string | undefined, isTrusted: (address: string) => boolean): string {
  let known = plainAddress(peer) ?? peer;
  if (!isTrusted(known)) return known;
  const hops = (forwardedFor ?? "").split(",").map((hop) => plainAddress(hop.trim()));
  while (isTrusted(known)) {
    const before = hops.pop();
    if (before === undefined) break;
    known = before;
  }
  return known;
}
