import ipaddr from "ipaddr.js";
import type { Bindings } from "../../contract/license-content.ts";

export type BoundAccess = {
  kind: "publishable" | "confidential";
  mode: "live" | "test";
  origins: readonly string[];
  cidrs: readonly string[];
  /** SHA-256 of its client certificate, hexadecimal. */
  certificate?: string | undefined;
};

export type BindingFault = { field: "origins" | "cidrs" | "certificate_sha256"; detail: string };

/**
 * Which binding of its license an access lacks; undefined when it has all. A test access meets the sandbox only and
 * needs none.
 */
export function bindingFault(bindings: Bindings | null, access: BoundAccess): BindingFault | undefined {
  if (bindings === null || access.mode === "test") return undefined;
  if (access.kind === "publishable") return originFault(bindings, access);
  return networkFault(bindings, access) ?? certificateFault(bindings, access);
}

function originFault({ origins }: Bindings, access: BoundAccess): BindingFault | undefined {
  const fits = origins.length === 0 || (access.origins.length > 0 && access.origins.every((origin) => origins.includes(origin)));
  return fits ? undefined : { field: "origins", detail: "the license names the web origins that its accesses may have" };
}

function networkFault({ cidrs }: Bindings, access: BoundAccess): BindingFault | undefined {
  const fits =
    cidrs.length === 0 || (access.cidrs.length > 0 && access.cidrs.every((inner) => cidrs.some((outer) => liesIn(inner, outer))));
  return fits ? undefined : { field: "cidrs", detail: "the license names the networks that its accesses lie in" };
}

function certificateFault({ certificates }: Bindings, access: BoundAccess): BindingFault | undefined {
  const fits = certificates.length === 0 || (access.certificate !== undefined && certificates.includes(access.certificate));
  return fits ? undefined : { field: "certificate_sha256", detail: "the license names the client certificates that its accesses may use" };
}

/** Whether a network lies in another, both `address/length`; a bare address is a network of one. */
function liesIn(inner: string, outer: string): boolean {
  const [a, b] = [parsed(inner), parsed(outer)];
  const [address, length] = a;
  if (address.kind() !== b[0].kind() || length < b[1]) return false;
  return address.match(b);
}

function parsed(network: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  if (network.includes("/")) return ipaddr.parseCIDR(network);
  const address = ipaddr.parse(network);
  return [address, address.toByteArray().length * 8];
}
