import { sql } from "kysely";
import type { Db } from "../db/database.ts";
import { platformTx } from "../db/tx.ts";
import { targetKey } from "./upstream/target-book.ts";

/** The targets of all tenants that their health checks call down, as `targetKey` names them. */
export async function readDownTargets(db: Db): Promise<ReadonlySet<string>> {
  const { rows } = await platformTx(db, (tx) =>
    sql<{ service_id: string; url: string }>`SELECT service_id, url FROM aqueduto.service_target WHERE health_state = 'down'`.execute(tx),
  );
  return new Set(rows.map((row) => targetKey(row.service_id, row.url)));
}
