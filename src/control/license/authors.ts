import type { Actor } from "../../audit/append.ts";
import type { Tx } from "../../db/database.ts";
import type { ActionContext } from "../context.ts";

/** Who acts, as versions name it. */
export function actorName({ actor }: Pick<ActionContext, "actor">): string {
  return `${actor.kind}:${actor.id}`;
}

/** The actor that actorName named. */
export function actorOfName(name: string): Actor {
  const at = name.indexOf(":");
  return { kind: name.slice(0, at) as Actor["kind"], id: name.slice(at + 1) };
}

/**
 * Who is behind a change: the actor, and for an API key also whoever made the key, so that nobody approves alone what
 * they wrote through a key of their own.
 */
export async function authorsOf(tx: Tx, ctx: Pick<ActionContext, "actor" | "tenantId">): Promise<string[]> {
  const authors = [actorName(ctx)];
  let key = ctx.actor.kind === "key" ? ctx.actor.id : undefined;
  while (key !== undefined) {
    const entry = await tx
      .selectFrom("admin_entry")
      .select(["actor_kind", "actor_id"])
      .where("tenant_id", "=", ctx.tenantId)
      .where("target_id", "=", key)
      .where("action", "=", "key.create")
      .executeTakeFirst();
    if (entry === undefined) return authors;
    const maker = `${entry.actor_kind}:${entry.actor_id}`;
    key = entry.actor_kind === "key" && !authors.includes(maker) ? entry.actor_id : undefined;
    authors.push(maker);
  }
  return authors;
}
