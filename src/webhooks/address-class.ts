import ipaddr from "ipaddr.js";

/** IPv6 space given to the public Internet (RFC 4291, IANA): everything outside is refused, named or not. */
const globalUnicast = ipaddr.IPv6.parseCIDR("2000::/3");

/** Inside 2000::/3, yet not for public hosts, and unknown to ipaddr.js: documentation (RFC 9637). */
const moreReserved = [ipaddr.IPv6.parseCIDR("3fff::/20")];

/**
 * Whether an address, as text, is one of the public Internet. Mapped (::ffff:a.b.c.d) and NAT64 (64:ff9b::/96, RFC 6052)
 * addresses are judged by the IPv4 address they carry, so networks behind NAT64 still work; 6to4 and Teredo are refused.
 * Anything that is not a plain address (a name, a zone, octal or short forms) is not public.
 */
export function isPublicAddress(address: string): boolean {
  const parsed = parseAddress(address);
  if (parsed === undefined) return false;
  if (parsed instanceof ipaddr.IPv4) return parsed.range() === "unicast";
  const carried = carriedIPv4(parsed);
  if (carried !== undefined) return carried.range() === "unicast";
  return parsed.range() === "unicast" && parsed.match(globalUnicast) && !moreReserved.some((range) => parsed.match(range));
}

/** One spelling for each address (mapped IPv4 as IPv4), or undefined when the text is not an address. */
export function canonicalAddress(address: string): string | undefined {
  const parsed = parseAddress(address);
  if (parsed === undefined) return undefined;
  if (parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress()) return parsed.toIPv4Address().toString();
  return parsed.toString();
}

/** Whether the address reaches this machine itself: loopback, or unspecified, which systems treat as loopback. */
export function isOwnMachine(address: string): boolean {
  const parsed = parseAddress(canonicalAddress(address) ?? "");
  const range = parsed?.range();
  return range === "loopback" || range === "unspecified";
}

function parseAddress(address: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(address)) return ipaddr.IPv4.parse(address);
  if (address.includes(":") && !address.includes("%") && ipaddr.IPv6.isValid(address)) return ipaddr.IPv6.parse(address);
  return undefined;
}

function carriedIPv4(address: ipaddr.IPv6): ipaddr.IPv4 | undefined {
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  const nat64 = address.match(ipaddr.IPv6.parseCIDR("64:ff9b::/96"));
  return nat64 ? new ipaddr.IPv4(address.toByteArray().slice(12)) : undefined;
}
