import { afterAll, beforeAll, expect, test } from "vitest";
import { createAuthenticator } from "../../../test/helpers/authenticator.ts";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { contextOfSession, createTestUser, type TestUser } from "../../../test/helpers/people.ts";
import { createTenantFixture, type TenantFixture } from "../../../test/helpers/tenant.ts";
import { addPasskey, beginPasskey } from "./add-passkey.ts";
import { beginPasskeySignIn, signInWithPasskey } from "./passkey.ts";
import { beginSecondFactorPasskey, giveSecondFactor } from "./second-factor.ts";
import { signInWithPassword } from "./with-password.ts";

const origin = "http://localhost:8081";
const from = { origin, ip: "127.0.0.1" };
const refused = { code: "sign-in-failed" };

let base: TestDatabase;
let fixture: TenantFixture;
let user: TestUser;
const passkey = createAuthenticator(origin);
beforeAll(async () => {
  base = await createTestDatabase();
  fixture = await createTenantFixture(base.db);
  user = await createTestUser(fixture.ctx, ["operador"]);
});
afterAll(() => base[Symbol.asyncDispose]());

const deps = () => ({ db: base.db, clock: fixture.ctx.clock, keyring: fixture.keyring, requestId: "req_test" });

test("a passkey is added by an answer to this challenge, of this site, with its user verified", async () => {
  for (const make of [
    (challenge: string) => passkey.create(challenge, { origin: "http://evil.example" }),
    (challenge: string) => passkey.create(challenge, { verified: false }),
    () => passkey.create("b3RoZXI"),
    // made for another site, whatever origin it claims
    (challenge: string) => createAuthenticator("http://evil.example").create(challenge, { origin }),
  ]) {
    const { challenge_id, options } = await beginPasskey(user.ctx, from);
    await expect(addPasskey(user.ctx, { name: "x", origin, challenge_id, response: make(options.challenge) })).rejects.toMatchObject(
      refused,
    );
  }
  const { challenge_id, options } = await beginPasskey(user.ctx, from);
  const input = { name: "telefone", origin, challenge_id, response: passkey.create(options.challenge) };
  const added = await addPasskey(user.ctx, input);
  expect(added.reply).toMatchObject({ kind: "passkey", name: "telefone", recovery_codes: [] });
  user = { ...user, ctx: await contextOfSession(deps(), added.token) };
  await expect(addPasskey(user.ctx, input), "a challenge is good once").rejects.toMatchObject(refused);
});

test("the passkey alone signs in with both factors", async () => {
  const { challenge_id, options } = await beginPasskeySignIn(deps(), from, {});
  const done = await signInWithPasskey(deps(), from, { challenge_id, response: passkey.get(options.challenge) });
  expect(done.reply).toMatchObject({ user_id: user.userId, second_factor: "given", factors: ["totp", "passkey", "recovery_code"] });
});

test("the passkey is the second factor after a password", async () => {
  const first = await signInWithPassword(deps(), from, user);
  const pending = await contextOfSession(deps(), first.token);
  const { challenge_id, options } = await beginSecondFactorPasskey(pending, from);
  const answer = { challenge_id, response: passkey.get(options.challenge) };
  const done = await giveSecondFactor(pending, from, { passkey: answer });
  expect(done.reply.second_factor).toBe("given");
  const again = await contextOfSession(deps(), done.token);
  await expect(giveSecondFactor(again, from, { passkey: answer })).rejects.toMatchObject(refused);
});

test("an unverified user, another site, an unknown key, another's challenge and a copied key are refused", async () => {
  const stranger = createAuthenticator(origin);
  const begin = () => beginPasskeySignIn(deps(), from, {});
  for (const answer of [
    (challenge: string) => passkey.get(challenge, { verified: false }),
    (challenge: string) => passkey.get(challenge, { origin: "http://localhost:9999" }),
    (challenge: string) => stranger.get(challenge),
    () => passkey.get("b3RoZXI"),
    (challenge: string) => ({ ...passkey.get(challenge), response: {} }),
  ]) {
    const { challenge_id, options } = await begin();
    await expect(signInWithPasskey(deps(), from, { challenge_id, response: answer(options.challenge) })).rejects.toMatchObject(refused);
  }
  const own = await beginSecondFactorPasskey(user.ctx, from);
  const crossed = { challenge_id: own.challenge_id, response: passkey.get(own.options.challenge) };
  await expect(signInWithPasskey(deps(), from, crossed)).rejects.toMatchObject(refused);
  passkey.rewind();
  const { challenge_id, options } = await begin();
  await expect(signInWithPasskey(deps(), from, { challenge_id, response: passkey.get(options.challenge) })).rejects.toMatchObject(refused);
});
