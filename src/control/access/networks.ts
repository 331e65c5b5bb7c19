import ipaddr from "ipaddr.js";
import { AppError } from "../../contract/errors.ts";

/** A network wider than this binds nothing. */
const widest = { ipv4: 8, ipv6: 24 } as const;

/**
 * The networks of an access in the one form that PostgreSQL's cidr takes: address of the network, slash, prefix length.
 * A bare address is a network of one. Refuses (`invalid-field`) host bits, zones, octal or short forms of IPv4,
 * IPv4-mapped addresses, networks wider than /8 (IPv6: /24), and a network named twice.
 */
export function parseNetworks(texts: readonly string[]): string[] {
  const networks = texts.map((text, index) => parseNetwork(text) ?? refuse(index));
  const twice = networks.findIndex((network, index) => networks.indexOf(network) !== index);
  if (twice >= 0) throw new AppError("invalid-field", "this network is named twice", { pointer: `/body/cidrs/${twice}` });
  return networks;
}

/** The first of `networks` that lies in none of `outer`; undefined when each does. Both as parseNetworks gives them. */
export function networkOutside(networks: readonly string[], outer: readonly string[]): string | undefined {
  const wider = outer.map((network) => ipaddr.parseCIDR(network));
  return networks.find((network) => {
    const [address, bits] = ipaddr.parseCIDR(network);
    return !wider.some(([base, outerBits]) => base.kind() === address.kind() && outerBits <= bits && address.match([base, outerBits]));
  });
}

function parseNetwork(text: string): string | undefined {
  const [address = "", length, ...rest] = text.split("/");
  if (rest.length > 0 || (length !== undefined && !/^(0|[1-9]\d{0,2})$/.test(length))) return undefined;
  const parsed = parseAddress(address);
  if (parsed === undefined) return undefined;
  const bits = parsed.toByteArray().length * 8;
  const prefix = length === undefined ? bits : Number(length);
  if (prefix < widest[parsed.kind()] || prefix > bits) return undefined;
  return hasHostBits(parsed.toByteArray(), prefix) ? undefined : `${parsed.toString()}/${prefix}`;
}

function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  if (!text.includes(":") || !/^[0-9a-fA-F:.]+$/.test(text) || !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress() ? undefined : address;
}

function hasHostBits(bytes: readonly number[], prefix: number): boolean {
  return bytes.some((byte, index) => (byte & (0xff >> Math.min(8, Math.max(0, prefix - index * 8)))) !== 0);
}

function refuse(index: number): never {
  throw new AppError("invalid-field", "a network like 203.0.113.0/24 or 2001:db8::/32, without host bits, is expected", {
    pointer: `/body/cidrs/${index}`,
  });
}
