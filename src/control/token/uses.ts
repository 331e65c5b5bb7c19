import { sql } from "kysely";
import type { Token, TokenDetail } from "../../contract/token.ts";
import type { Tx } from "../../db/database.ts";
import { openSealed } from "../../platform/seal.ts";
import type { ActionContext } from "../context.ts";

type UseRow = {
  token_id: string;
  operation_id: string;
  calls: number;
  first_at: Date;
  last_at: Date;
  last_status: number;
  entry_id: string;
  ip_sealed: Buffer | null;
  agent_sealed: Buffer | null;
};

type Viewer = Pick<ActionContext, "tenantId" | "scopes" | "keyring">;

const columns = sql`token_id, operation_id, calls::float8 AS calls, first_at, last_at, last_status, entry_id, ip_sealed, agent_sealed`;

/** The last use of each of these tokens; one that was never used is not in the map. */
export async function lastUses(tx: Tx, viewer: Viewer, tokenIds: readonly string[]): Promise<Map<string, Token["last_use"]>> {
  if (tokenIds.length === 0) return new Map();
  const { rows } = await sql<UseRow>`
    SELECT DISTINCT ON (token_id) ${columns} FROM aqueduto.token_use
     WHERE tenant_id = ${viewer.tenantId} AND token_id = ANY (${[...tokenIds]}::text[])
     ORDER BY token_id, last_at DESC`.execute(tx);
  return new Map(rows.map((row) => [row.token_id, lastUseOf(viewer, row)]));
}

/** The use of one token by operation, the latest first. */
export async function usesOf(tx: Tx, viewer: Viewer, tokenId: string): Promise<TokenDetail["uses"]> {
  const { rows } = await sql<UseRow>`
    SELECT ${columns} FROM aqueduto.token_use WHERE tenant_id = ${viewer.tenantId} AND token_id = ${tokenId}
     ORDER BY last_at DESC, operation_id`.execute(tx);
  return rows.map((row) => ({
    ...lastUseOf(viewer, row),
    calls: row.calls,
    first_at: row.first_at.toISOString(),
    agent: opened(viewer, row.agent_sealed, `access.agent:${row.entry_id}`),
  }));
}

function lastUseOf(viewer: Viewer, row: UseRow): NonNullable<Token["last_use"]> {
  return {
    at: row.last_at.toISOString(),
    operation_id: row.operation_id === "" ? null : row.operation_id,
    status: row.last_status,
    address: opened(viewer, row.ip_sealed, `access.ip:${row.entry_id}`),
  };
}

/** Null for those who may not see it, and for what no longer opens because its key was destroyed. */
function opened(viewer: Viewer, sealed: Buffer | null, context: string): string | null {
  const may = viewer.scopes.includes("addresses:read") || viewer.scopes.includes("operator");
  if (sealed === null || !may) return null;
  try {
    return openSealed(viewer.keyring, sealed, context).toString();
  } catch {
    return null;
  }
}
