import ipaddr from "ipaddr.js";

/** What one caller has to itself: an IPv4 address, the /64 of an IPv6 one. Any other text is its own. */
export function callerNetwork(ip: string): string {
  if (!ipaddr.isValid(ip)) return ip;
  const address = ipaddr.process(ip);
  return address instanceof ipaddr.IPv6 ? address.parts.slice(0, 4).join(":") : address.toString();
}
