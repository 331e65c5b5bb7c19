import { sql } from "kysely";
import type { Db } from "../../db/database.ts";
import { platformTx } from "../../db/tx.ts";
import type { Log } from "../../platform/log.ts";
import { openSealed, type SealKeys } from "../../platform/seal.ts";
import { Secret } from "../../platform/secret.ts";
import type { CaptureBase } from "./capture-run.ts";
import { gsanUrlContext } from "./register-base.ts";

/** A base to capture now, with the clear URL of its database. */
export type ActiveBase = CaptureBase & { url: Secret; reconciledAt: Date };

type Row = {
  tenant_id: string;
  base_id: string;
  url_sealed: Buffer;
  mode: CaptureBase["mode"];
  reversal_delay_ms: number;
  client_digit_rule: CaptureBase["digitRule"];
  unknown_client: CaptureBase["unknownClient"];
  reconciled_at: Date;
};

/**
 * Every active base of every tenant, with the tenant's rules. Paused and retired ones are left out; one whose URL does
 * not open is reported and left out, so that it does not stop the others.
 */
export async function loadActiveBases(db: Db, keys: SealKeys, log: Log): Promise<ActiveBase[]> {
  const { rows } = await platformTx(db, (tx) =>
    sql<Row>`
      SELECT b.tenant_id, b.base_id, b.url_sealed, b.mode, b.reversal_delay_ms, t.client_digit_rule, t.unknown_client,
             coalesce(b.reconciled_at, b.registered_at) AS reconciled_at
      FROM aqueduto.gsan_base b JOIN aqueduto.tenant t ON t.tenant_id = b.tenant_id
      WHERE b.state = 'active' ORDER BY b.tenant_id, b.base_id`.execute(tx),
  );
  return rows.flatMap((row) => {
    const url = openUrl(keys, row);
    if (url === undefined) log.error({ tenant_id: row.tenant_id, base_id: row.base_id }, "the URL of this GSAN base does not open");
    return url === undefined ? [] : [activeBase(row, url)];
  });
}

function openUrl(keys: SealKeys, row: Row): Secret | undefined {
  try {
    return new Secret(openSealed(keys, row.url_sealed, gsanUrlContext(row.base_id)).toString());
  } catch {
    return undefined; // sealed by another key or for another base; reported by the caller
  }
}

function activeBase(row: Row, url: Secret): ActiveBase {
  return {
    tenantId: row.tenant_id,
    baseId: row.base_id,
    mode: row.mode,
    reversalDelayMs: row.reversal_delay_ms,
    digitRule: row.client_digit_rule,
    unknownClient: row.unknown_client,
    reconciledAt: row.reconciled_at,
    url,
  };
}
