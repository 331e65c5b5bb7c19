import { sql } from "kysely";
import { appendAdminEntry } from "../../audit/append.ts";
import { platformTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { lockPolicy } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";

/** Something that was presented and found under the pepper before: its digest under the live one. */
export type OldPepperHit = { table: "token" | "api_key"; tenantId: string; id: string; digest: Buffer };

const most = 10_000;

/**
 * Collects hits under an old pepper and rewrites their rows in one statement a table, so that a busy node publishes one
 * new policy a turn. What is lost when the process ends is hit again.
 */
export class DigestRewriter {
  readonly #ctx: Omit<ActionContext, "tenantId">;
  #hits = new Map<string, OldPepperHit>();

  constructor(ctx: Omit<ActionContext, "tenantId">) {
    this.#ctx = ctx;
  }

  /** Notes a hit; never fails and never waits. */
  note(hit: OldPepperHit): void {
    if (this.#hits.size < most) this.#hits.set(`${hit.table}/${hit.tenantId}/${hit.id}`, hit);
  }

  /** Writes what was noted. Returns how many rows now stand under the live pepper. */
  async flush(): Promise<number> {
    const hits = [...this.#hits.values()];
    this.#hits = new Map();
    let rewritten = 0;
    for (const table of ["token", "api_key"] as const) {
      const own = hits.filter((hit) => hit.table === table);
      if (own.length > 0) rewritten += await rewriteDigests(this.#ctx, table, own);
    }
    return rewritten;
  }
}

const idColumn = { token: "token_id", api_key: "key_id" } as const;
const endedWhere = { token: sql`t.state <> 'ended'`, api_key: sql`t.state = 'active'` } as const;

/** Rows under the live pepper already, and hits of a node that does not know the newest pepper yet, change nothing. */
async function rewriteDigests(ctx: Omit<ActionContext, "tenantId">, table: OldPepperHit["table"], hits: OldPepperHit[]): Promise<number> {
  requireScope(ctx, "keyring:write");
  const { kid } = ctx.keyring.pepper;
  const id = sql.ref(`t.${idColumn[table]}`);
  return platformTx(ctx.db, async (tx) => {
    await lockPolicy(tx);
    const { rows } = await sql<{ tenant_id: string }>`
      UPDATE ${sql.table(table)} AS t SET digest = h.digest, pepper_id = ${kid}
        FROM unnest(${hits.map((hit) => hit.tenantId)}::text[], ${hits.map((hit) => hit.id)}::text[],
                    ${hits.map((hit) => hit.digest)}::bytea[]) AS h(tenant_id, id, digest)
       WHERE t.tenant_id = h.tenant_id AND ${id} = h.id AND t.pepper_id <> ${kid} AND ${endedWhere[table]}
         AND EXISTS (SELECT FROM aqueduto.key_check WHERE kid = ${kid} AND state = 'live')
      RETURNING t.tenant_id`.execute(tx);
    for (const [tenantId, own] of Map.groupBy(rows, (row) => row.tenant_id))
      await appendAdminEntry(
        tx,
        { ...ctx, tenantId },
        { action: "keyring.rewrite", target: { kind: "keyring", id: kid }, detail: { table, rows: own.length } },
      );
    return rows.length;
  });
}
