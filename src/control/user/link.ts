import { createHash, randomBytes } from "node:crypto";
import { appendAdminEntry } from "../../audit/append.ts";
import type { Tx } from "../../db/database.ts";
import { newId } from "../../platform/ids.ts";
import type { ActionContext } from "../context.ts";

/** How long a link can be used. */
export const linkLifeMs = 24 * 3_600_000;

/** A one-time link's secret, `aql_` and 256 random bits; stands in the fragment of the link's URL, which no server sees. */
export type MadeLink = { secret: string; expiresAt: Date };

export type LinkKind = "setup" | "invite" | "reset";

/** SHA-256 of a link's secret. 256 random bits need no key. */
export function linkDigest(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/** Makes a link and ends the ones before it of the same user (or the set-up links before it). */
export async function makeLink(tx: Tx, ctx: ActionContext, of: { kind: LinkKind; userId: string | null }): Promise<MadeLink> {
  const now = ctx.clock.now();
  await endLinks(tx, ctx, of.userId);
  const secret = `aql_${randomBytes(32).toString("base64url")}`;
  const expiresAt = new Date(now.getTime() + linkLifeMs);
  const linkId = newId("lnk");
  await tx
    .insertInto("person_link")
    .values({
      tenant_id: ctx.tenantId,
      link_id: linkId,
      kind: of.kind,
      user_id: of.userId,
      digest: linkDigest(secret),
      created_at: now,
      expires_at: expiresAt,
    })
    .execute();
  if (of.kind === "setup") {
    const target = { kind: "link", id: linkId };
    await appendAdminEntry(tx, ctx, { action: "user.setup_link", target, detail: { expires_at: expiresAt.toISOString() } });
  }
  return { secret, expiresAt };
}

/** Ends every open link of a user; null = the set-up links. */
export async function endLinks(tx: Tx, ctx: Pick<ActionContext, "tenantId" | "clock">, userId: string | null): Promise<void> {
  await tx
    .updateTable("person_link")
    .set({ ended_at: ctx.clock.now() })
    .where("tenant_id", "=", ctx.tenantId)
    .where("user_id", userId === null ? "is" : "=", userId)
    .where("ended_at", "is", null)
    .execute();
}
