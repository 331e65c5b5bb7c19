import { sql } from "kysely";
import { appendAdminEntry } from "../../audit/append.ts";
import { AppError } from "../../contract/errors.ts";
import type { NewUser } from "../../contract/user.ts";
import type { Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import type { ActionContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { checkRoles, requireKnownPartners, requireMayGive } from "./check-roles.ts";
import { emailHash, emailHashes, normalEmail } from "./email.ts";
import { makeLink, type MadeLink } from "./link.ts";
import { sealedPerson } from "./row.ts";

/** What a verb that makes a link gives; the HTTP side puts the secret into a URL. */
export type LinkFor = { user_id: string; link: MadeLink };

/** Invites a user with a one-time link. `conflict` when the address is a user of this tenant already. */
export async function inviteUser(ctx: ActionContext, input: NewUser): Promise<LinkFor> {
  requireScope(ctx, "users:write");
  checkRoles(input);
  requireMayGive(ctx, input.roles);
  return tenantTx(ctx.db, ctx.tenantId, async (tx) => {
    await requireKnownPartners(tx, ctx.tenantId, input.partner_ids ?? []);
    const userId = await insertPerson(tx, ctx, { ...input, partner_ids: input.partner_ids ?? [], state: "invited" });
    await appendAdminEntry(tx, ctx, {
      action: "user.invite",
      target: { kind: "user", id: userId },
      detail: { roles: input.roles, partner_ids: input.partner_ids ?? [] },
    });
    return { user_id: userId, link: await makeLink(tx, ctx, { kind: "invite", userId }) };
  });
}

export type PersonInput = {
  email: string;
  name: string;
  roles: readonly string[];
  partner_ids: readonly string[];
  state: "invited" | "active";
};

/** Adds a person whose address is free. `conflict` when it is not, under either pepper. */
export async function insertPerson(tx: Tx, ctx: ActionContext, input: PersonInput): Promise<string> {
  const email = normalEmail(input.email);
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`aqueduto.person/${ctx.tenantId}`}, 0))`.execute(tx);
  const taken = await tx
    .selectFrom("person")
    .select("user_id")
    .where("tenant_id", "=", ctx.tenantId)
    .where("email_hash", "in", emailHashes(ctx.keyring, email))
    .executeTakeFirst();
  if (taken !== undefined) throw new AppError("conflict", "this address is a user already", { pointer: "/body/email" });
  const userId = newId("usr");
  await tx
    .insertInto("person")
    .values({
      tenant_id: ctx.tenantId,
      user_id: userId,
      ...emailHash(ctx.keyring, email),
      ...sealedPerson(ctx.keyring, { userId, email, name: input.name }),
      roles: [...input.roles],
      partner_ids: [...input.partner_ids],
      state: input.state,
      created_at: ctx.clock.now(),
    })
    .execute();
  return userId;
}
