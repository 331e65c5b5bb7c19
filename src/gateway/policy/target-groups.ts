import { upstreamSettings } from "../upstream/upstream-settings.ts";
import type { TargetGroup } from "../upstream/target-book.ts";
import type { ServiceRow } from "./policy-rows.ts";
import type { ServicePolicy } from "./snapshot.ts";

/** The targets of a service by the mode of the access that reaches them. Throws when one is no URL. */
export function targetGroups(row: ServiceRow): ServicePolicy["targets"] {
  const settings = upstreamSettings(row.target_settings);
  const group = (first: string | null, more: readonly string[] = []): TargetGroup | undefined => {
    if (first === null) return undefined;
    return { serviceId: row.service_id, origins: [...new Set([first, ...more].map((url) => new URL(url).origin))], settings };
  };
  return { live: group(row.live_url, row.more_live), test: group(row.sandbox_url, row.more_sandbox) };
}
