import type { Selectable } from "kysely";
import type { Partner } from "../../contract/partner.ts";
import type { Partner as PartnerTable } from "../../db/types.generated.ts";

export const partnerColumns = ["partner_id", "name", "state", "created_at"] as const;

type PartnerRow = Pick<Selectable<PartnerTable>, (typeof partnerColumns)[number]>;

export function partnerOf(row: PartnerRow): Partner {
  return { ...row, created_at: row.created_at.toISOString() };
}
