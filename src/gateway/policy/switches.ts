import type { SwitchRow } from "./policy-rows.ts";

/** The kill switches that are on, by tenant. */
export type Switches = ReadonlyMap<string, ReadonlySet<string>>;

export function indexSwitches(rows: readonly SwitchRow[]): Switches {
  const byTenant = Map.groupBy(rows, (row) => row.tenant_id);
  return new Map([...byTenant].map(([tenantId, own]) => [tenantId, new Set(own.map((row) => `${row.level} ${row.target_id}`))]));
}

/** Whether this one is turned off by a switch of its own. */
export function isOff(switches: Switches, tenantId: string, level: SwitchRow["level"], targetId: string): boolean {
  return switches.size > 0 && (switches.get(tenantId)?.has(`${level} ${targetId}`) ?? false);
}
