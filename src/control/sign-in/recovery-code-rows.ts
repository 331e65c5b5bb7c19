import { createHash, randomBytes } from "node:crypto";
import { appendAdminEntry } from "../../audit/append.ts";
import type { Tx } from "../../db/database.ts";
import type { ActionContext } from "../context.ts";

const codeCount = 10;
/** Crockford base32: no character that is taken for another. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/** Replaces a person's recovery codes: ten of 80 random bits, shown once and kept as SHA-256 bound to the person. */
export async function replaceRecoveryCodes(tx: Tx, ctx: ActionContext, userId: string): Promise<string[]> {
  const codes = Array.from({ length: codeCount }, newCode);
  const created_at = ctx.clock.now();
  await tx.deleteFrom("recovery_code").where("tenant_id", "=", ctx.tenantId).where("user_id", "=", userId).execute();
  await tx
    .insertInto("recovery_code")
    .values(codes.map((code) => ({ tenant_id: ctx.tenantId, user_id: userId, digest: codeDigest(userId, code), created_at })))
    .execute();
  await appendAdminEntry(tx, ctx, { action: "factor.recovery_codes", target: { kind: "user", id: userId }, detail: { codes: codeCount } });
  return codes;
}

/** Uses up a recovery code; whether it was one that was left. */
export async function takeRecoveryCode(tx: Tx, ctx: ActionContext, of: { userId: string; code: string }): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable("recovery_code")
    .set({ used_at: ctx.clock.now() })
    .where("tenant_id", "=", ctx.tenantId)
    .where("user_id", "=", of.userId)
    .where("digest", "=", codeDigest(of.userId, of.code))
    .where("used_at", "is", null)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** How many of a person's recovery codes are left. */
export async function codesLeft(tx: Tx, tenantId: string, userId: string): Promise<number> {
  const row = await tx
    .selectFrom("recovery_code")
    .select((select) => select.fn.countAll<bigint>().as("count"))
    .where("tenant_id", "=", tenantId)
    .where("user_id", "=", userId)
    .where("used_at", "is", null)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

function newCode(): string {
  const letters = [...randomBytes(16)].map((byte) => alphabet.charAt(byte % 32)).join("");
  return letters.replace(/(.{4})(?=.)/g, "$1-");
}

/** People type what they read: upper case, without dashes, o for 0, i and l for 1. */
function codeDigest(userId: string, code: string): Buffer {
  const plain = code
    .toLowerCase()
    .replace(/[^0-9a-z]/g, "")
    .replaceAll("o", "0")
    .replaceAll(/[il]/g, "1");
  return createHash("sha256").update(`${userId}:${plain}`).digest();
}
