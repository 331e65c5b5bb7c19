import { sql } from "kysely";
import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { deviceOf } from "../session/device.ts";
import { keyedHash } from "../user/email.ts";
import { accountBackoff, addressBackoff, type Backoff, leftAfter, waitMs } from "./backoff.ts";
import type { Caller } from "./context.ts";
import { callerNetwork } from "./network.ts";

/** Rows of failures are removed this long after the last one: by then every count has run down. */
const keepMs = 24 * 3_600_000;

/** What is guessed and who guesses; at least one of them. Both are known by keyed hashes alone. */
export type Tries = { account?: string; address?: string };

/**
 * What a try at an account counts against. One from a browser in which this user gave a second factor before counts for
 * that browser alone: neither strangers who guess at the account nor others in the same network can lock it out.
 */
export function triesOf(ctx: ActionContext, from: Caller, of: { name: string; userId: string | undefined }): Tries {
  const device = of.userId === undefined ? undefined : deviceOf(ctx, of.userId, from.device);
  if (device !== undefined) return { account: accountSubject(ctx, `${of.name}\n${device}`) };
  return { account: accountSubject(ctx, of.name), address: addressSubject(ctx, from.ip) };
}

/** What is guessed: the hash of what was typed, whether or not there is such an account. */
function accountSubject(ctx: Pick<ActionContext, "keyring">, name: string): string {
  return `account:${keyedHash(ctx.keyring, "sign-in.account", name).toString("hex")}`;
}

/** Who guesses, by network address. */
export function addressSubject(ctx: Pick<ActionContext, "keyring">, ip: string): string {
  return `address:${keyedHash(ctx.keyring, "sign-in.address", callerNetwork(ip)).toString("hex")}`;
}

/**
 * Counts a try as failed before it is made, so that tries at the same time cannot outrun the count; forgiveTry takes it
 * back. Refuses (`sign-in-locked`) while account or address is locked; such a refusal counts nothing and is not audited,
 * the lock was.
 */
export async function beginTry(ctx: ActionContext, tries: Tries): Promise<void> {
  requireScope(ctx, "account:own");
  const subjects = [tries.address, tries.account].filter((subject) => subject !== undefined);
  const until = await tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await forgetOld(tx, ctx);
    // in one order for everybody, so that two tries never wait for each other
    const rows = [];
    for (const subject of subjects.toSorted()) rows.push(await lockRow(tx, ctx, subject));
    const locks = rows.map((row) => row.locked_until).filter((at) => at !== null && at > ctx.clock.now());
    if (locks.length > 0) return locks.reduce((a, b) => (a !== null && b !== null && a > b ? a : b));
    for (const row of rows) await count(tx, ctx, row);
    return null;
  });
  if (until !== null) throw new AppError("sign-in-locked", `try again after ${until.toISOString()}`);
}

/** The try was right: the account's count ends; the address keeps the others', without the `own` ones of this sign-in. */
export async function forgiveTry(tx: Tx, ctx: Pick<ActionContext, "tenantId">, tries: Tries, own = 1): Promise<void> {
  if (tries.account !== undefined) {
    await tx.deleteFrom("sign_in_failure").where("tenant_id", "=", ctx.tenantId).where("subject", "=", tries.account).execute();
  }
  if (tries.address === undefined) return;
  await tx
    .updateTable("sign_in_failure")
    .set({ failures: sql`greatest(failures - ${own}::integer, 0)`, locked_until: null })
    .where("tenant_id", "=", ctx.tenantId)
    .where("subject", "=", tries.address)
    .execute();
}

/** Notes a try that was wrong and refuses it. The entry names the user where there is one, never what was typed. */
export async function refuseTry(ctx: ActionContext, of: { userId?: string | undefined; method: string }): Promise<never> {
  requireScope(ctx, "account:own");
  const target = { kind: "user", id: of.userId ?? "unknown" };
  await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    appendAdminEntry(tx, ctx, { action: "session.refuse", target, detail: { method: of.method } }),
  );
  throw new AppError("sign-in-failed");
}

type FailureRow = { subject: string; failures: number; last_at: Date; locked_until: Date | null };

function lockRow(tx: Tx, ctx: ActionContext, subject: string): Promise<FailureRow> {
  return (
    tx
      .insertInto("sign_in_failure")
      .values({ tenant_id: ctx.tenantId, subject, failures: 0, last_at: ctx.clock.now() })
      // takes the row's lock, whether it was there or not
      .onConflict((conflict) =>
        conflict.columns(["tenant_id", "subject"]).doUpdateSet((set) => ({ failures: set.ref("sign_in_failure.failures") })),
      )
      .returning(["subject", "failures", "last_at", "locked_until"])
      .executeTakeFirstOrThrow()
  );
}

async function count(tx: Tx, ctx: ActionContext, row: FailureRow): Promise<void> {
  const now = ctx.clock.now();
  const by = backoffOf(row.subject);
  const failures = leftAfter(row.failures, now.getTime() - row.last_at.getTime(), by) + 1;
  const ms = waitMs(failures, by);
  await tx
    .updateTable("sign_in_failure")
    .set({ failures, last_at: now, locked_until: ms === 0 ? null : new Date(now.getTime() + ms) })
    .where("tenant_id", "=", ctx.tenantId)
    .where("subject", "=", row.subject)
    .execute();
  if (ms === 0) return;
  const kind = row.subject.slice(0, row.subject.indexOf(":"));
  await appendAdminEntry(tx, ctx, {
    action: "session.lock",
    target: { kind: "sign_in", id: kind },
    detail: { failures, seconds: ms / 1000 },
  });
}

function backoffOf(subject: string): Backoff {
  return subject.startsWith("address:") ? addressBackoff : accountBackoff;
}

/** A few at a time with each try, so that the table stays as small as a day's failures. */
async function forgetOld(tx: Tx, ctx: ActionContext): Promise<void> {
  const old = tx
    .selectFrom("sign_in_failure")
    .select("subject")
    .where("tenant_id", "=", ctx.tenantId)
    .where("last_at", "<", new Date(ctx.clock.now().getTime() - keepMs))
    .limit(20)
    .forUpdate()
    .skipLocked();
  await tx.deleteFrom("sign_in_failure").where("tenant_id", "=", ctx.tenantId).where("subject", "in", old).execute();
}
