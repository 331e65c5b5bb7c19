import type { Selectable } from "kysely";
import type { KillSwitch } from "../../contract/kill-switch.ts";
import type { KillSwitch as KillSwitchTable } from "../../db/types.generated.ts";
import { isoOrNull } from "../instants.ts";

export const killSwitchColumns = [
  "switch_id",
  "level",
  "target_id",
  "reason",
  "set_at",
  "set_by_kind",
  "set_by",
  "undone_at",
  "undone_by",
  "undone_reason",
] as const;

type KillSwitchRow = Pick<Selectable<KillSwitchTable>, (typeof killSwitchColumns)[number]>;

export function killSwitchOf(row: KillSwitchRow): KillSwitch {
  return {
    switch_id: row.switch_id,
    level: row.level,
    target_id: row.target_id === "" ? null : row.target_id,
    reason: row.reason,
    set_at: row.set_at.toISOString(),
    set_by: row.set_by,
    undone_at: isoOrNull(row.undone_at),
    undone_by: row.undone_by,
    undone_reason: row.undone_reason,
  };
}
