import { appendAdminEntry } from "../../audit/append.ts";
import { platformTx } from "../../db/tx.ts";
import { openSealed } from "../../platform/seal.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { emailHash } from "../user/email.ts";

const batch = 500;

/** Job: hashes up to 500 e-mail addresses anew that stand under another pepper than the live one. Returns how many. */
export async function rehashPeople(ctx: Omit<ActionContext, "tenantId">): Promise<number> {
  requireScope(ctx, "keyring:write");
  const { kid } = ctx.keyring.pepper;
  return platformTx(ctx.db, async (tx) => {
    const people = await tx
      .selectFrom("person")
      .select(["tenant_id", "user_id", "email_sealed"])
      .where("pepper_id", "<>", kid)
      .limit(batch)
      .forUpdate()
      .skipLocked()
      .execute();
    for (const { tenant_id, user_id, email_sealed } of people) {
      const email = openSealed(ctx.keyring, email_sealed, `person.email:${user_id}`).toString();
      await tx
        .updateTable("person")
        .set(emailHash(ctx.keyring, email))
        .where("tenant_id", "=", tenant_id)
        .where("user_id", "=", user_id)
        .execute();
    }
    for (const [tenantId, own] of Map.groupBy(people, (one) => one.tenant_id))
      await appendAdminEntry(
        tx,
        { ...ctx, tenantId },
        { action: "keyring.rewrite", target: { kind: "keyring", id: kid }, detail: { table: "person", rows: own.length } },
      );
    return people.length;
  });
}
