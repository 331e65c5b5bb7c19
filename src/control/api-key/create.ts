import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { Scope } from "../../contract/scopes.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import { Secret } from "../../platform/secret.ts";
import { tokenDigest } from "../../platform/token-digest.ts";
import type { ActionContext } from "../context.ts";
import { requirePartner, requireWholeTenant } from "../partner-scope.ts";
import { isForPeople, requireScope } from "../require-scope.ts";
import { requireKnownPartners } from "../user/check-roles.ts";
import { isApiKeyText, newApiKeyText } from "./key-format.ts";

export type ApiKeyInput = {
  name: string;
  scopes: readonly Scope[];
  /** Types the key may hand in, for scope events:write. */
  eventTypes?: readonly string[];
  /** The partners whose rows the key sees; default: all that the maker sees. */
  partnerIds?: readonly string[];
  /** Default: when the key ends that makes it. */
  expiresAt?: Date;
  /** A text made before (see newApiKeyText), so that its file can be written first; default: a new one. */
  text?: Secret;
};

export type CreatedKey = { key_id: string; key: Secret; expires_at: Date | null };

/**
 * Creates an admin API key of the tenant; only its digest is stored. An actor cannot give scopes and event types that
 * it does not hold, partners that it does not see, a time beyond its own, or what only people may hold. `conflict` when this
 * text is a key already.
 */
export async function createApiKey(ctx: ActionContext, input: ApiKeyInput): Promise<CreatedKey> {
  requireScope(ctx, "keys:write");
  for (const scope of input.scopes) requireMayGive(ctx, scope);
  for (const type of input.eventTypes ?? []) requireMayGiveType(ctx, type);
  for (const partnerId of input.partnerIds ?? []) requirePartner(ctx, partnerId);
  const partnerIds = input.partnerIds ?? ctx.partnerIds;
  const key = input.text ?? new Secret(newApiKeyText());
  if (!isApiKeyText(key.reveal())) throw new AppError("invalid-field", "this is not an API key");
  const { pepper } = ctx.keyring;
  const values = {
    tenant_id: ctx.tenantId,
    key_id: newId("key"),
    name: input.name,
    digest: tokenDigest(pepper.key, key.reveal()),
    pepper_id: pepper.kid,
    scopes: [...input.scopes],
    event_types: [...(input.eventTypes ?? [])],
    partner_ids: partnerIds === undefined ? null : [...partnerIds],
    created_by: ctx.actor.id,
    created_at: ctx.clock.now(),
  };
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await requireKnownPartners(tx, ctx.tenantId, partnerIds ?? []);
    const row = { ...values, ...(await withinMaker(tx, ctx, input.expiresAt)) };
    const made = await tx
      .insertInto("api_key")
      .values(row)
      .onConflict((conflict) => conflict.column("digest").doNothing())
      .returning("key_id")
      .executeTakeFirst();
    if (made === undefined) throw new AppError("conflict", "this API key exists");
    await appendAdminEntry(tx, ctx, {
      action: "key.create",
      target: { kind: "api_key", id: row.key_id },
      detail: { name: row.name, scopes: row.scopes, event_types: row.event_types, partner_ids: row.partner_ids },
    });
    return { key_id: row.key_id, key, expires_at: row.expires_at };
  });
}

/** The person whom a new key goes back to, and when it ends: of a key that makes it, both are its own at most. */
async function withinMaker(
  tx: Tx,
  ctx: ActionContext,
  expiresAt: Date | undefined,
): Promise<{ user_id: string | null; expires_at: Date | null }> {
  if (ctx.actor.kind !== "key") return { user_id: ctx.actor.kind === "user" ? ctx.actor.id : null, expires_at: expiresAt ?? null };
  const maker = await tx
    .selectFrom("api_key")
    .select(["user_id", "expires_at"])
    .where("tenant_id", "=", ctx.tenantId)
    .where("key_id", "=", ctx.actor.id)
    .where("state", "=", "active")
    .executeTakeFirst();
  if (maker === undefined) throw new AppError("unauthorized");
  if (maker.expires_at !== null && expiresAt !== undefined && expiresAt > maker.expires_at)
    throw new AppError("invalid-field", "a key makes none that outlives it", { pointer: "/body/expires_at" });
  return { user_id: maker.user_id, expires_at: expiresAt ?? maker.expires_at };
}

function requireMayGive(ctx: ActionContext, scope: Scope): void {
  if (isForPeople(scope)) throw new AppError("invalid-field", `no API key may hold the scope ${scope}`, { pointer: "/body/scopes" });
  if (scope === "operator") requireWholeTenant(ctx);
  requireScope(ctx, scope);
}

function requireMayGiveType(ctx: ActionContext, type: string): void {
  if (ctx.actor.kind === "system" || ctx.scopes.includes("operator") || ctx.eventTypes.includes(type)) return;
  throw new AppError("forbidden", "an event type that the maker may not hand in cannot be given");
}
