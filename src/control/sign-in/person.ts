import { isRole, type Role } from "../../contract/roles.ts";
import type { Tx } from "../../db/database.ts";
import type { Keyring } from "../../platform/keyring.ts";
import { emailHash, emailHashes, normalEmail } from "../user/email.ts";
import { openEmail } from "../user/row.ts";

/** What a sign-in needs to know of a person. */
export type SignInPerson = {
  user_id: string;
  email: string;
  roles: Role[];
  partner_ids: string[];
  state: "invited" | "active" | "disabled";
  password: string | null;
};

const columns = ["user_id", "email_sealed", "roles", "partner_ids", "state", "password"] as const;
type Row = {
  user_id: string;
  email_sealed: Buffer;
  roles: string[];
  partner_ids: string[];
  state: SignInPerson["state"];
  password: string | null;
};

/** The person of an address, under either pepper. */
export async function personByEmail(tx: Tx, of: { tenantId: string; keyring: Keyring }, email: string): Promise<SignInPerson | undefined> {
  const row = await tx
    .selectFrom("person")
    .select(columns)
    .where("tenant_id", "=", of.tenantId)
    .where("email_hash", "in", emailHashes(of.keyring, normalEmail(email)))
    .executeTakeFirst();
  return row === undefined ? undefined : personOf(of.keyring, row);
}

/** A person by id; with `lock`, the row stays as read until the transaction ends. */
export async function personById(
  tx: Tx,
  of: { tenantId: string; keyring: Keyring },
  userId: string,
  lock?: "lock",
): Promise<SignInPerson | undefined> {
  const row = await tx
    .selectFrom("person")
    .select(columns)
    .where("tenant_id", "=", of.tenantId)
    .where("user_id", "=", userId)
    .$if(lock !== undefined, (select) => select.forNoKeyUpdate())
    .executeTakeFirst();
  return row === undefined ? undefined : personOf(of.keyring, row);
}

/** Puts the address under today's pepper, so that an old one falls out of use. */
export async function renewEmailHash(tx: Tx, of: { tenantId: string; keyring: Keyring }, person: SignInPerson): Promise<void> {
  const hashed = emailHash(of.keyring, person.email);
  await tx
    .updateTable("person")
    .set(hashed)
    .where("tenant_id", "=", of.tenantId)
    .where("user_id", "=", person.user_id)
    .where("pepper_id", "<>", hashed.pepper_id)
    .execute();
}

function personOf(keyring: Keyring, row: Row): SignInPerson {
  const { user_id, partner_ids, state, password } = row;
  return { user_id, partner_ids, state, password, email: openEmail(keyring, row), roles: row.roles.filter(isRole) };
}
