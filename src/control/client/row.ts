import type { Selectable } from "kysely";
import type { Client } from "../../contract/client-application.ts";
import type { Client as ClientTable } from "../../db/types.generated.ts";

export const clientColumns = ["client_id", "partner_id", "name", "state", "created_at"] as const;

type ClientRow = Pick<Selectable<ClientTable>, (typeof clientColumns)[number]>;

export function clientOf(row: ClientRow): Client {
  return { ...row, created_at: row.created_at.toISOString() };
}
