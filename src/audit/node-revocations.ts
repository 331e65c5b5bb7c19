import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { sql } from "kysely";
import { nodeRevocationClause } from "../contract/access-record.ts";
import type { Db } from "../db/database.ts";
import { platformTx } from "../db/tx.ts";
import { listJournals, listSegments, segmentPath } from "./journal-files.ts";
import { parseLine } from "./journal-line.ts";

export type NodeRevocation = { tenantId: string; tokenId: string; entryId: string };

/**
 * Tokens that were revoked on this node by a process before and may not have ended in the store: of its journals first,
 * then of the store, so that one that is shipped in between is in one of both.
 */
export async function nodeRevocationsBefore(dir: string, db: Db): Promise<Set<string>> {
  const tokens = new Set<string>();
  for (const { folder } of await listJournals(dir))
    for (const segment of await listSegments(folder))
      for await (const tokenId of revokedIn(segmentPath(folder, segment))) tokens.add(tokenId);
  for (const { tokenId } of await openNodeRevocations(db)) tokens.add(tokenId);
  return tokens;
}

/** Shipped revocations of nodes whose token has not ended yet, oldest first. */
export async function openNodeRevocations(db: Db): Promise<NodeRevocation[]> {
  const { rows } = await platformTx(db, (tx) =>
    sql<NodeRevocation>`
      SELECT a.tenant_id AS "tenantId", a.token_id AS "tokenId", min(a.entry_id) AS "entryId"
        FROM aqueduto.access_entry a JOIN aqueduto.token t USING (tenant_id, token_id)
       WHERE a.clause = 'node-revoked' AND a.phase = 'intent' AND t.state <> 'ended'
       GROUP BY 1, 2 ORDER BY 3 LIMIT 1000`.execute(tx),
  );
  return rows;
}

async function* revokedIn(path: string): AsyncGenerator<string> {
  // only lines that may be one are parsed: a journal can be gigabytes
  const mark = `"clause":"${nodeRevocationClause}"`;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    if (!line.includes(mark)) continue;
    const parsed = parseLine(Buffer.from(line));
    if (parsed.kind !== "record" || parsed.record.clause !== nodeRevocationClause || parsed.record.phase !== "intent") continue;
    if (parsed.record.tokenId !== undefined) yield parsed.record.tokenId;
  }
}
