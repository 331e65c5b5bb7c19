import { sql } from "kysely";
import type { Tx } from "../../db/database.ts";
import { newId } from "../../platform/ids.ts";
import { type DataKey, seal } from "../../platform/seal.ts";
import type { Secret } from "../../platform/secret.ts";

export type NewGsanBase = {
  tenantId: string;
  /** Stands in event keys for ever; made when left out. */
  baseId?: string;
  name: string;
  /** postgres:// URL of the GSAN database or of a replica; a role with SELECT alone is enough. */
  url: Secret;
  mode: "live" | "test";
  /** Default 60 s. */
  reversalDelayMs?: number;
};

/** What binds a sealed URL to its base. */
export function gsanUrlContext(baseId: string): string {
  return `gsan.url:${baseId}`;
}

/**
 * Registers a GSAN base in the caller's transaction and returns its id. Capture takes it up within seconds of the
 * commit; what the base holds at capture's first look is its baseline and is never sent. Readiness of capture tells
 * when that look is done.
 */
export async function registerBase(tx: Tx, key: DataKey, base: NewGsanBase): Promise<string> {
  const baseId = base.baseId ?? newId("gsb");
  await sql`
    INSERT INTO aqueduto.gsan_base (tenant_id, base_id, name, url_sealed, mode, reversal_delay_ms)
    VALUES (${base.tenantId}, ${baseId}, ${base.name}, ${seal(key, base.url.reveal(), gsanUrlContext(baseId))},
            ${base.mode}, ${base.reversalDelayMs ?? 60_000})`.execute(tx);
  return baseId;
}
