import type { Call } from "../call.ts";
import type { AccessPolicy } from "../policy/snapshot.ts";
import { Refusal } from "../refusal.ts";

/**
 * Step 5: the network, the client certificate and the web origin that the access is bound to. An origin can be claimed by any program, so it
 * bounds abuse in browsers and proves nothing; a live publishable access without one is not usable.
 */
export function checkBindings(call: Call, access: AccessPolicy): void {
  if (!access.allowsAddress(call.address))
    throw bound(access, "address", "not from this address. Call from one of its networks, or have this one added");
  if (access.certificate !== undefined && call.certificate !== access.certificate)
    throw bound(access, "certificate", "with its registered client certificate only. Present that, or have the new one registered");
  if (access.origins.size === 0) {
    if (access.kind === "publishable" && access.mode === "live")
      throw bound(access, "origin", "from web origins only, and it has none. Have one registered");
    return;
  }
  const { origin } = call.headers;
  if (origin === undefined || !access.origins.has(origin))
    throw bound(access, "origin", "from its registered web origins only. Call from one of them, or have this one added");
}

function bound({ accessId, license: { licenseId, version } }: AccessPolicy, clause: string, says: string): Refusal {
  const detail = `Access ${accessId} of license ${licenseId}, version ${version}, may be used ${says}.`;
  return new Refusal("forbidden", { clause, detail, showClause: true });
}
