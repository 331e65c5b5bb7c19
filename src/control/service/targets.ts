import { AppError } from "../../contract/errors.ts";
import type { Targets } from "../../contract/service.ts";
import { targetFault, type OwnPlaces } from "./forbidden-target.ts";
import type { Tx } from "../../db/database.ts";

type ServiceKey = { tenant_id: string; service_id: string };

/** Refuses (`invalid-field`) targets that are no origins, are named twice, reach the platform itself, or are none at all. */
export function checkTargets(targets: Targets, ownPlaces?: OwnPlaces): void {
  if (targets.live.length + targets.sandbox.length === 0)
    throw new AppError("invalid-field", "a service needs a live or a sandbox URL", { pointer: "/body/targets" });
  for (const mode of ["live", "sandbox"] as const) {
    for (const [index, url] of targets[mode].entries()) {
      const pointer = `/body/targets/${mode}/${index}`;
      if (!isOrigin(url))
        throw new AppError("invalid-field", "a service URL is an origin: scheme, host and port, without a path", { pointer });
      const fault = targetFault(url, ownPlaces);
      if (fault !== undefined) throw new AppError("invalid-field", fault, { pointer });
      if (targets[mode].indexOf(url) !== index) throw new AppError("invalid-field", "this is named twice", { pointer });
    }
  }
}

/** http or https, as URL.origin writes it: lower case, no default port, no user, no path. */
export function isOrigin(url: string): boolean {
  return /^https?:/.test(url) && URL.canParse(url) && new URL(url).origin === url;
}

/** The columns of the service that follow from its targets: the first of each mode is the one in use. */
export function urlsOf(targets: Targets): { live_url: string | null; sandbox_url: string | null } {
  return { live_url: targets.live[0] ?? null, sandbox_url: targets.sandbox[0] ?? null };
}

/** Stores the targets in their order. What is known of a target's health is forgotten when the list changes. */
export async function replaceTargets(tx: Tx, key: ServiceKey, targets: Targets): Promise<void> {
  await tx.deleteFrom("service_target").where("tenant_id", "=", key.tenant_id).where("service_id", "=", key.service_id).execute();
  const rows = [
    ...targets.live.map((url, index) => ({ ...key, mode: "live" as const, position: index + 1, url })),
    ...targets.sandbox.map((url, index) => ({ ...key, mode: "test" as const, position: index + 1, url })),
  ];
  if (rows.length > 0) await tx.insertInto("service_target").values(rows).execute();
}
