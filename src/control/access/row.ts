import type { Selectable } from "kysely";
import type { Access } from "../../contract/access.ts";
import type { Access as AccessTable } from "../../db/types.generated.ts";
import { isoOrNull } from "../instants.ts";

export const accessColumns = [
  "access_id",
  "client_id",
  "license_id",
  "kind",
  "mode",
  "cidrs",
  "origins",
  "certificate_sha256",
  "signature_key",
  "state",
  "disabled_by",
  "expires_at",
  "created_at",
] as const;

type AccessRow = Pick<Selectable<AccessTable>, (typeof accessColumns)[number]>;

export function accessOf(row: AccessRow): Access {
  return {
    ...row,
    certificate_sha256: row.certificate_sha256?.toString("hex") ?? null,
    signature_key: row.signature_key?.toString("base64url") ?? null,
    expires_at: isoOrNull(row.expires_at),
    created_at: row.created_at.toISOString(),
  };
}
