import { AppError } from "../../contract/errors.ts";
import type { Bindings } from "../../contract/license-content.ts";
import type { Tx } from "../../db/database.ts";
import { bindingFault, type BoundAccess } from "../license/binding-fault.ts";
import { networkOutside } from "./networks.ts";

type Places = { cidrs: readonly string[]; origins: readonly string[] };

/** What the published version of a license binds its accesses to. Empty = it leaves it to the access. */
export async function licenseBindings(tx: Tx, tenantId: string, licenseId: string): Promise<Bindings> {
  const row = await tx
    .selectFrom("license_version")
    .select("content")
    .where("tenant_id", "=", tenantId)
    .where("license_id", "=", licenseId)
    .where("state", "=", "published")
    .executeTakeFirst();
  return storedBindings(row?.content);
}

/** Written by control/license alone: LicenseContent of the contract. */
function storedBindings(content: unknown): Bindings {
  const bindings = (content as { bindings?: Partial<Bindings> | null } | undefined)?.bindings;
  return { cidrs: bindings?.cidrs ?? [], origins: bindings?.origins ?? [], certificates: bindings?.certificates ?? [] };
}

/** Refuses (`invalid-field`) an access that lacks what its license binds it to: the rule by which versions are published too. */
export async function requireWithinLicense(tx: Tx, tenantId: string, access: BoundAccess & { license_id: string }): Promise<void> {
  const fault = bindingFault(await licenseBindings(tx, tenantId, access.license_id), access);
  if (fault !== undefined) refuse(fault.field, fault.detail);
}

/** Refuses (`invalid-field`) networks and origins that are not within `limits`. */
export function requireWithin(access: Places, limits: Places): void {
  const network = networkOutside(access.cidrs, limits.cidrs);
  if (network !== undefined) refuse("cidrs", `${network} lies outside what is allowed here`);
  const origin = access.origins.find((one) => !limits.origins.includes(one));
  if (origin !== undefined) refuse("origins", `${origin} lies outside what is allowed here`);
}

function refuse(field: string, detail: string): never {
  throw new AppError("invalid-field", detail, { pointer: `/body/${field}` });
}
