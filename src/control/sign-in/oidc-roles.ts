import type { RoleMapping } from "../../contract/identity-provider.ts";
import type { Role } from "../../contract/roles.ts";

export type MappedRoles = { roles: Role[]; partner_ids: string[] };

/** Roles and partners of the groups that a claim names; undefined when it maps to nothing. */
export function mappedRoles(
  claims: Readonly<Record<string, unknown>>,
  by: { role_claim: string | null; roleMap: readonly RoleMapping[] },
): MappedRoles | undefined {
  if (by.role_claim === null) return undefined;
  const claim: unknown = claims[by.role_claim];
  const values = new Set(Array.isArray(claim) ? claim : [claim]);
  const mappings = by.roleMap.filter((mapping) => values.has(mapping.value));
  const own = mappings.filter((mapping) => !mapping.roles.includes("integrador"));
  // the utility's own people are no partner's people: where both match, the utility's win
  const used = own.length > 0 ? own : mappings;
  if (used.length === 0) return undefined;
  return {
    roles: [...new Set(used.flatMap((mapping) => mapping.roles))].toSorted(),
    partner_ids: [...new Set(used.flatMap((mapping) => mapping.partner_ids ?? []))].toSorted(),
  };
}

/** The address that the provider vouches for, in normal form; undefined when it does not, or not for that domain. */
export function vouchedEmail(claims: Readonly<Record<string, unknown>>, domains: readonly string[]): string | undefined {
  const { email, email_verified: verified } = claims;
  if (typeof email !== "string" || verified !== true) return undefined;
  const normal = email.normalize("NFKC").trim().toLowerCase();
  const domain = normal.slice(normal.lastIndexOf("@") + 1);
  return /^[^\s@]+@[^\s@]+$/.test(normal) && normal.length <= 254 && domains.includes(domain) ? normal : undefined;
}

/** Whether an ID token says that several factors were given (RFC 8176). */
export function saysSecondFactor(claims: Readonly<Record<string, unknown>>): boolean {
  const { amr } = claims;
  return Array.isArray(amr) && amr.includes("mfa");
}
