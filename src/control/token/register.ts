import { sql } from "kysely";
import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { RegisteredToken, RegisterToken } from "../../contract/token.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import type { Keyring } from "../../platform/keyring.ts";
import { tokenDigestOfHash } from "../../platform/token-digest.ts";
import type { ActionContext } from "../context.ts";
import { isoOrNull, parseFutureInstant } from "../instants.ts";
import { requireOwnAccess } from "../partner-rows.ts";
import { lockPolicy, policyEpoch } from "../policy-lock.ts";
import { requireScope } from "../require-scope.ts";
import { recordRevocation } from "../revocation/record.ts";
import type { Committed } from "./create.ts";
import { retiringUntil } from "./overlap.ts";
import { keyedHash } from "../user/email.ts";
import { countTry } from "./registration-tries.ts";
import { retireTokens, type Retired } from "./retire-tokens.ts";
import { requireUsableAccess, type UsableAccess } from "./usable-access.ts";

type Registered = Committed<RegisteredToken> & { revocation_id?: string };

/**
 * Makes a value that only the client has ever seen the token of its access, by SHA-256 of it. For confidential accesses
 * bound to networks. A hash that is malformed and one that stands for any token or key of anybody, ended ones too, are
 * refused in the same words (`invalid-field`), and each try counts: five an hour (`too-many-tries`). `conflict` when the
 * access has a live token and no overlap is stated.
 */
export async function registerToken(ctx: ActionContext, input: RegisterToken & { access_id: string }): Promise<Registered> {
  requireScope(ctx, "tokens:write");
  const now = ctx.clock.now();
  const expiresAt = input.expires_at === undefined ? null : parseFutureInstant(input.expires_at, now, "/body/expires_at");
  const registered = await tenantTx(ctx.db, ctx.tenantId, async (tx): Promise<Registered | undefined> => {
    await lockPolicy(tx);
    await requireOwnAccess(tx, ctx, input.access_id);
    const access = await requireUsableAccess(tx, { tenantId: ctx.tenantId, now }, input.access_id);
    requireBound(access);
    const key = { tenant_id: ctx.tenantId, token_id: newId("tok"), access_id: access.access_id };
    // everything else that could refuse is asked before, so that no try goes uncounted
    const until = await requireRoom(tx, { ...key, now, access }, input.overlap);
    await countTry(tx, { tenantId: ctx.tenantId, accessId: access.access_id, now });
    const columns = await freshDigest(tx, ctx.keyring, input.sha256);
    if (columns === undefined) {
      await appendAdminEntry(tx, ctx, { action: "token.register_refused", target: { kind: "access", id: access.access_id } });
      return undefined;
    }
    const replaced = input.overlap === undefined ? undefined : await retireTokens(tx, { ...key, now }, () => until);
    await tx
      .insertInto("token")
      .values({ ...key, ...columns, own: true, state: "live", expires_at: expiresAt, created_at: now })
      .execute();
    const retiring = isoOrNull(replaced?.until ?? null);
    await appendAdminEntry(tx, ctx, {
      action: "token.register",
      target: { kind: "token", id: key.token_id },
      detail: { access_id: key.access_id, replaced: replaced?.liveId ?? null, ended: replaced?.endedIds ?? [], retiring_until: retiring },
    });
    const shown = { token_id: key.token_id, access_id: key.access_id, mode: access.mode };
    return { ...shown, expires_at: isoOrNull(expiresAt), retiring_until: retiring, ...(await proofOf(tx, ctx, access, replaced)) };
  });
  if (registered !== undefined) return registered;
  throw new AppError("invalid-field", "64 lower-case hexadecimal digits are expected: the SHA-256 of a new value", {
    pointer: "/body/sha256",
  });
}

/** Whoever copies a value that a client chose must still not be able to use it from elsewhere. */
function requireBound(access: UsableAccess): void {
  if (access.kind !== "confidential") throw new AppError("conflict", "only a confidential access takes a token that the client made");
  if (access.cidrs.length === 0)
    throw new AppError("conflict", "only an access that is bound to networks takes a token that the client made");
}

/** Until when the token before would stay valid. `conflict` when there is one and no overlap, or an overlap and none. */
async function requireRoom(
  tx: Tx,
  of: { tenant_id: string; access_id: string; now: Date; access: UsableAccess },
  overlap: string | undefined,
): Promise<Date | null> {
  const live = await tx
    .selectFrom("token")
    .select("expires_at")
    .where("tenant_id", "=", of.tenant_id)
    .where("access_id", "=", of.access_id)
    .where("state", "=", "live")
    .executeTakeFirst();
  if (overlap === undefined) {
    if (live !== undefined) throw new AppError("conflict", "this access has a live token: state the overlap to replace it");
    return null;
  }
  if (live === undefined) throw new AppError("conflict", "this access has no live token: leave the overlap out");
  return retiringUntil(overlap, of.now, [of.access.licenseEndsAt, of.access.accessExpiresAt, live.expires_at]);
}

/** The columns of a hash that nothing has ever used; undefined for any other. */
async function freshDigest(
  tx: Tx,
  keyring: Keyring,
  sha256: string,
): Promise<{ digest: Buffer; pepper_id: string; value_mark: Buffer; hint: string } | undefined> {
  if (!/^[0-9a-f]{64}$/.test(sha256)) return undefined;
  const { pepper } = keyring;
  const peppers = pepper.previous === undefined ? [pepper] : [pepper, pepper.previous];
  const hash = Buffer.from(sha256, "hex");
  const digests = peppers.map((one) => tokenDigestOfHash(one.key, hash));
  // the digests stand under peppers, which end
  const mark = keyedHash(keyring, "token.own", sha256);
  const { rows } = await sql<{ known: boolean }>`SELECT aqueduto.digest_known(${digests}::bytea[], ${mark}::bytea) AS known`.execute(tx);
  const [digest] = digests;
  if (digest === undefined || rows[0]?.known !== false) return undefined;
  return { digest, pepper_id: pepper.kid, value_mark: mark, hint: sha256.slice(-4) };
}

async function proofOf(
  tx: Tx,
  ctx: ActionContext,
  access: UsableAccess,
  replaced: Retired | undefined,
): Promise<{ epoch: bigint; revocation_id?: string }> {
  const [endedId] = replaced?.endedIds ?? [];
  if (endedId === undefined) return { epoch: await policyEpoch(tx) };
  const target = { kind: "token", id: endedId };
  return recordRevocation(tx, ctx, { what: "token.register", target, partnerId: access.partnerId });
}
