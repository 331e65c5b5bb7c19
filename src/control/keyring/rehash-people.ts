import { appendAdminEntry } from "../../audit/append.ts";
import type { Tx } from "../../db/database.ts";
import { platformTx } from "../../db/tx.ts";
import { openSealed } from "../../platform/seal.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { emailHash } from "../user/email.ts";

const batch = 500;

type Context = Omit<ActionContext, "tenantId">;
type Row = { tenant_id: string; user_id: string; email_sealed: Buffer };

/**
 * Job: hashes up to 500 e-mail addresses anew that stand under another pepper than the live one. One that does not open
 * is left under its pepper and told, and holds nothing up.
 */
export async function rehashPeople(ctx: Context): Promise<{ rehashed: number; unreadable: string[] }> {
  requireScope(ctx, "keyring:write");
  return platformTx(ctx.db, async (tx) => {
    const { rows, unreadable } = await rehashPage(tx, ctx);
    for (const [tenantId, own] of Map.groupBy(rows, (row) => row.tenant_id))
      await appendAdminEntry(
        tx,
        { ...ctx, tenantId },
        {
          action: "keyring.rewrite",
          target: { kind: "keyring", id: ctx.keyring.pepper.kid },
          detail: { table: "person", rows: own.length },
        },
      );
    return { rehashed: rows.length, unreadable };
  });
}

/** The first page of which anything opens, hashed anew. */
async function rehashPage(tx: Tx, ctx: Context): Promise<{ rows: Row[]; unreadable: string[] }> {
  const unreadable: string[] = [];
  for (let after: Row | undefined; ;) {
    const page = await rowsLeft(tx, ctx.keyring.pepper.kid, after);
    const rows: Row[] = [];
    for (const row of page) {
      const email = opened(ctx, row);
      if (email === undefined) unreadable.push(`person.email_sealed of ${row.tenant_id} ${row.user_id}`);
      else rows.push(row);
      if (email !== undefined) await write(tx, row, emailHash(ctx.keyring, email));
    }
    if (rows.length > 0 || page.length < batch) return { rows, unreadable };
    after = page.at(-1);
  }
}

function rowsLeft(tx: Tx, kid: string, after: Row | undefined): Promise<Row[]> {
  return tx
    .selectFrom("person")
    .select(["tenant_id", "user_id", "email_sealed"])
    .where("pepper_id", "<>", kid)
    .$if(after !== undefined, (select) =>
      select.where((where) =>
        where(where.refTuple("tenant_id", "user_id"), ">", where.tuple(after?.tenant_id ?? "", after?.user_id ?? "")),
      ),
    )
    .orderBy("tenant_id")
    .orderBy("user_id")
    .limit(batch)
    .forUpdate()
    .skipLocked()
    .execute();
}

function opened(ctx: Pick<ActionContext, "keyring">, row: Row): string | undefined {
  try {
    return openSealed(ctx.keyring, row.email_sealed, `person.email:${row.user_id}`).toString();
  } catch {
    return undefined;
  }
}

async function write(tx: Tx, row: Row, hash: ReturnType<typeof emailHash>): Promise<void> {
  await tx.updateTable("person").set(hash).where("tenant_id", "=", row.tenant_id).where("user_id", "=", row.user_id).execute();
}
