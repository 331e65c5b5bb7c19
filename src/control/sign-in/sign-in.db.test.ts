import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { contextOfSession, createTestUser, totpAt, type TestUser } from "../../../test/helpers/people.ts";
import { createTenantFixture, type TenantFixture } from "../../../test/helpers/tenant.ts";
import { tenantTx } from "../../db/tx.ts";
import type { Clock } from "../../platform/clock.ts";
import { authenticateSession } from "../session/authenticate.ts";
import { endSession, signOut } from "../session/end.ts";
import { listSessions } from "../session/list.ts";
import { absoluteMs, idleMs, pendingMs } from "../session/times.ts";
import { resetUser } from "../user/reset.ts";
import { disableUser } from "../user/disable.ts";
import { changeUserRoles } from "../user/change-roles.ts";
import { ensureSetupLink } from "../user/ensure-setup-link.ts";
import { inviteUser } from "../user/invite.ts";
import { addTotp, confirmTotp } from "./add-totp.ts";
import { changePassword } from "./change-password.ts";
import { listFactors } from "./factors.ts";
import { inHashQueue } from "./password.ts";
import { newRecoveryCodes } from "./recovery-codes.ts";
import { removeFactor } from "./remove-factor.ts";
import { giveSecondFactor } from "./second-factor.ts";
import { addressSubject, beginTry } from "./tries.ts";
import { useLink } from "./use-link.ts";
import { signInWithPassword } from "./with-password.ts";

let base: TestDatabase;
let fixture: TenantFixture;
let admin: TestUser;
beforeAll(async () => {
  base = await createTestDatabase();
  fixture = await createTenantFixture(base.db);
  admin = await createTestUser(fixture.ctx, ["administrador"]);
});
afterAll(() => base[Symbol.asyncDispose]());

let address = 0;
/** Each test comes from an address of its own: addresses are locked too. */
function from() {
  address += 1;
  return { origin: "http://localhost", ip: `10.0.${address >> 8}.${address & 255}` };
}

function deps(clock: Clock = fixture.ctx.clock) {
  return { db: base.db, clock, keyring: fixture.keyring, requestId: "req_test" };
}

/** A clock that goes on from `start` and can be moved. */
function movable(start = new Date()): Clock & { move(ms: number): void } {
  let offset = start.getTime() - Date.now();
  return { now: () => new Date(Date.now() + offset), monotonicMs: () => performance.now(), move: (ms) => (offset += ms) };
}

async function entries(action: string): Promise<{ target_id: string; detail: unknown; actor_id: string }[]> {
  return tenantTx(base.db, fixture.tenantId, (tx) =>
    tx.selectFrom("admin_entry").select(["target_id", "detail", "actor_id"]).where("action", "=", action).orderBy("entry_id").execute(),
  );
}

const signIn = (user: { email: string; password: string }, at = from(), clock?: Clock) =>
  signInWithPassword(deps(clock), at, { email: user.email, password: user.password, tenant_id: fixture.tenantId });

test("password, then authenticator app: the session reaches nothing before the second and everything after", async () => {
  const first = await signIn(admin);
  expect(first.reply).toMatchObject({ second_factor: "needed", scopes: ["account:own"], factors: ["totp", "recovery_code"] });
  const clock = movable();
  clock.move(60_000);
  const pending = await contextOfSession(deps(clock), first.token);
  expect(pending.scopes).toEqual(["account:own"]);
  const at = from();
  const code = totpAt(admin.totpSecret, clock.now());
  const second = await giveSecondFactor(pending, at, { totp: code });
  expect(second.reply).toMatchObject({ second_factor: "given", roles: ["administrador"] });
  expect(second.token).not.toBe(first.token);
  expect(await authenticateSession(base.db, fixture.ctx.clock, first.token)).toBeUndefined();
  const whole = await contextOfSession(deps(clock), second.token);
  expect(whole.scopes).toContain("users:write");
  await expect(giveSecondFactor(whole, at, { totp: code }), "a code is good once").rejects.toMatchObject({ code: "sign-in-failed" });
  expect((await entries("session.second_factor")).at(-1)).toMatchObject({ target_id: second.reply.session_id, actor_id: admin.userId });
});

test("a wrong password, an unknown address and a disabled user get the same answer, each audited without address", async () => {
  const user = await createTestUser(fixture.ctx, ["auditor"]);
  const before = (await entries("session.refuse")).length;
  const answers = [
    await signIn({ ...user, password: "errada errada errada" }).catch((error: unknown) => error),
    await signIn({ email: "ninguem@example.com", password: user.password }).catch((error: unknown) => error),
  ];
  await disableUser(admin.ctx, { user_id: user.userId, reason: "teste" });
  answers.push(await signIn(user).catch((error: unknown) => error));
  for (const answer of answers)
    expect(answer).toMatchObject({ code: "sign-in-failed", message: Reflect.get(Object(answers[0]), "message") });
  const made = (await entries("session.refuse")).slice(before);
  expect(made.map((entry) => entry.target_id)).toEqual([user.userId, "unknown", user.userId]);
  expect(JSON.stringify(made)).not.toContain("@");
});

test("five wrong passwords lock an account, known or not, also against ones sent at once; the lock ends by itself", async () => {
  const clock = movable();
  const user = await createTestUser(fixture.ctx, ["suporte"]);
  for (const email of [user.email, "fantasma@example.com"]) {
    const tries = await Promise.all(
      Array.from({ length: 12 }, () => signIn({ email, password: "errada errada errada" }, from(), clock).catch((error: unknown) => error)),
    );
    const codes = tries.map((error) => Reflect.get(Object(error), "code"));
    expect(codes.filter((code) => code === "sign-in-failed")).toHaveLength(5);
    expect(codes.filter((code) => code === "sign-in-locked")).toHaveLength(7);
  }
  await expect(signIn(user, from(), clock)).rejects.toMatchObject({ code: "sign-in-locked" });
  clock.move(31_000);
  expect((await signIn(user, from(), clock)).reply.user_id).toBe(user.userId);
  expect(await signIn({ ...user, password: "x" }, from(), clock).catch((error: unknown) => error)).toMatchObject({
    code: "sign-in-failed",
  });
  expect((await entries("session.lock")).at(0)).toMatchObject({ target_id: "account", detail: { failures: 5, seconds: 30 } });
});

test("a sign-in that finds too many others at it is no failed try", async () => {
  const user = await createTestUser(fixture.ctx, ["auditor"]);
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const crowd = Array.from({ length: 66 }, () => inHashQueue(() => promise));
  const failures = async () =>
    tenantTx(base.db, fixture.tenantId, (tx) =>
      tx.selectFrom("sign_in_failure").select(["subject", "failures"]).orderBy("subject").execute(),
    );
  const before = await failures();
  for (let i = 0; i < 6; i += 1)
    await expect(signIn(user)).rejects.toMatchObject({
      code: "sign-in-locked",
      message: expect.stringMatching(/^too many sign-ins at once/),
    });
  const change = { current: "errada", password: "outra frase bem longa", ip: from().ip };
  await expect(changePassword(user.ctx, change)).rejects.toMatchObject({ code: "sign-in-locked" });
  expect(await failures()).toEqual(before);
  resolve(undefined);
  await Promise.all(crowd);
  expect((await signIn(user)).reply.user_id).toBe(user.userId);
});

test("thirty failures from one address lock it for every account", async () => {
  const at = from();
  for (let i = 0; i < 30; i += 1) await beginTry(fixture.ctx, { account: `account:${i}`, address: addressSubject(fixture.ctx, at.ip) });
  await expect(signIn(admin, at)).rejects.toMatchObject({ code: "sign-in-locked" });
  expect((await signIn(admin)).reply.user_id).toBe(admin.userId);
});

test("an address of another tenant does not sign in here, and a tenant must be named where there are several", async () => {
  const other = await createTenantFixture(base.db, { keyring: fixture.keyring });
  await expect(signInWithPassword(deps(), from(), { ...admin, tenant_id: other.tenantId })).rejects.toMatchObject({
    code: "sign-in-failed",
  });
  const input = { email: admin.email, password: admin.password };
  await expect(signInWithPassword(deps(), from(), input)).rejects.toMatchObject({ code: "invalid-field", pointer: "/body/tenant_id" });
  const theirs = await createTestUser(other.ctx, ["administrador"]);
  await expect(resetUser(admin.ctx, { user_id: theirs.userId, reason: "x" })).rejects.toMatchObject({ code: "not-found" });
});

test("a session ends by idleness, by age, by sign-out and by its owner; a pending one after ten minutes", async () => {
  const user = await createTestUser(fixture.ctx, ["auditor"]);
  const { token } = user;
  const at = (ms: number): Clock => ({ ...fixture.ctx.clock, now: () => new Date(Date.now() + ms) });
  expect(await authenticateSession(base.db, at(idleMs - 2_000), token)).toMatchObject({ userId: user.userId });
  // that was a use: it counts from there
  expect(await authenticateSession(base.db, at(idleMs + 60_000), token)).toMatchObject({ userId: user.userId });
  expect(await authenticateSession(base.db, at(3 * idleMs + 61_000), token)).toBeUndefined();
  expect(await authenticateSession(base.db, at(absoluteMs + 1_000), token)).toBeUndefined();
  const pending = await signIn(user);
  expect(await authenticateSession(base.db, at(pendingMs + 1_000), pending.token)).toBeUndefined();
  const ctx = await contextOfSession(deps(), pending.token);
  expect((await listSessions(ctx, {})).items.map((one) => one.session_id)).toContain(pending.reply.session_id);
  await endSession(ctx, { session_id: ctx.session?.sessionId ?? "" });
  expect(await authenticateSession(base.db, at(0), pending.token)).toBeUndefined();
  await expect(endSession(ctx, { session_id: admin.ctx.session?.sessionId ?? "" })).rejects.toMatchObject({ code: "not-found" });
  const again = await signIn(user);
  await signOut(await contextOfSession(deps(), again.token));
  expect(await authenticateSession(base.db, at(0), again.token)).toBeUndefined();
  expect((await entries("session.end")).filter((entry) => entry.actor_id === user.userId)).toHaveLength(3);
});

test("a session that still awaits its second factor ends itself and no other one of the person", async () => {
  const user = await createTestUser(fixture.ctx, ["auditor"]);
  const stolen = await contextOfSession(deps(), (await signIn(user)).token);
  await expect(endSession(stolen, { session_id: user.ctx.session?.sessionId ?? "" })).rejects.toMatchObject({
    code: "second-factor-required",
  });
  expect(await authenticateSession(base.db, fixture.ctx.clock, user.token)).toBeDefined();
  await endSession(stolen, { session_id: stolen.session?.sessionId ?? "" });
});

test("an administrador ends another's session; a change of roles and a reset end them too, and a reset takes all that signed in", async () => {
  const user = await createTestUser(fixture.ctx, ["operador"]);
  await endSession(admin.ctx, { session_id: user.ctx.session?.sessionId ?? "" });
  expect(await authenticateSession(base.db, fixture.ctx.clock, user.token)).toBeUndefined();
  const second = await signIn(user);
  await changeUserRoles(admin.ctx, { user_id: user.userId, roles: ["auditor"] });
  expect(await authenticateSession(base.db, fixture.ctx.clock, second.token)).toBeUndefined();
  const reset = await resetUser(admin.ctx, { user_id: user.userId, reason: "perdeu o telefone" });
  await expect(signIn(user)).rejects.toMatchObject({ code: "sign-in-failed" });
  const back = await useLink(deps(), { link: reset.link.secret, password: "uma frase bem nova" });
  expect(back.reply).toMatchObject({ user_id: user.userId, second_factor: "enroll", factors: [], roles: ["auditor"] });
});

test("a link works once, the newest alone, for a day", async () => {
  const invited = await inviteUser(fixture.ctx, { email: "um@example.com", name: "Um", roles: ["auditor"] });
  const newer = await resetUser(fixture.ctx, { user_id: invited.user_id, reason: "de novo" });
  const use = (link: string, clock?: Clock) => useLink(deps(clock), { link, password: "uma frase qualquer" });
  await expect(use(invited.link.secret)).rejects.toMatchObject({ code: "sign-in-failed" });
  const late = { ...fixture.ctx.clock, now: () => new Date(Date.now() + 24 * 3_600_000 + 1_000) };
  await expect(use(newer.link.secret, late)).rejects.toMatchObject({ code: "sign-in-failed" });
  const both = await Promise.allSettled([use(newer.link.secret), use(newer.link.secret)]);
  expect(both.map((one) => one.status).toSorted()).toEqual(["fulfilled", "rejected"]);
  await expect(use(newer.link.secret)).rejects.toMatchObject({ code: "sign-in-failed" });
});

test("the set-up link makes the first administrador, once; afterwards there is no such link", async () => {
  const fresh = await createTenantFixture(base.db, { keyring: fixture.keyring });
  const old = await ensureSetupLink(fresh.ctx, "http://127.0.0.1:8081");
  const link = await ensureSetupLink(fresh.ctx, "http://127.0.0.1:8081");
  expect(link?.url).toMatch(/^http:\/\/127\.0\.0\.1:8081\/sign-in\/link#aql_/);
  const secretOf = (url = "") => url.slice(url.indexOf("#") + 1);
  const person = { email: "Primeira@Example.com", name: "Primeira Pessoa", password: "uma frase bem longa" };
  await expect(useLink(deps(), { ...person, link: secretOf(old?.url) })).rejects.toMatchObject({ code: "sign-in-failed" });
  await expect(useLink(deps(), { link: secretOf(link?.url), password: person.password })).rejects.toMatchObject({ pointer: "/body/email" });
  const made = await useLink(deps(), { ...person, link: secretOf(link?.url) });
  expect(made.reply).toMatchObject({ roles: ["administrador"], tenant_id: fresh.tenantId, second_factor: "enroll" });
  expect(await ensureSetupLink(fresh.ctx, "http://127.0.0.1:8081")).toBeUndefined();
  const again = { email: "primeira@example.com", password: person.password, tenant_id: fresh.tenantId };
  expect((await signInWithPassword(deps(), from(), again)).reply.user_id).toBe(made.reply.user_id);
});

test("whoever has a factor adds another only just after giving one: a stolen password adds none", async () => {
  const user = await createTestUser(fixture.ctx, ["auditor"]);
  const stolen = await contextOfSession(deps(), (await signIn(user)).token);
  await expect(addTotp(stolen, { name: "do ladrão" })).rejects.toMatchObject({ code: "second-factor-required" });
  const clock = movable();
  clock.move(16 * 60_000);
  const stale = { ...user.ctx, clock };
  await expect(addTotp(stale, { name: "outro" })).rejects.toMatchObject({ code: "second-factor-required" });
  const app = await addTotp(user.ctx, { name: "outro" });
  const wrong = { factor_id: app.factor_id, totp: "000000", ip: from().ip };
  const before = await entries("session.lock");
  for (let i = 0; i < 40; i += 1)
    await expect(confirmTotp(user.ctx, { ...wrong, factor_id: "fac_x" })).rejects.toMatchObject({ code: "not-found" });
  expect(await entries("session.lock"), "an app that is not there is no guess").toEqual(before);
  await expect(confirmTotp(user.ctx, wrong)).rejects.toMatchObject({ code: "sign-in-failed" });
  const added = await confirmTotp(user.ctx, { ...wrong, totp: totpAt(app.secret, new Date()) });
  expect(added.reply.recovery_codes).toEqual([]);
  const now = await contextOfSession(deps(), added.token);
  const { items } = await listFactors(now);
  expect(items.map((one) => one.name)).toEqual(["app", "outro"]);
  await removeFactor(now, { factor_id: items[0]?.factor_id ?? "" });
  await expect(removeFactor(now, { factor_id: app.factor_id })).rejects.toMatchObject({ code: "conflict" });
});

test("a recovery code stands in for the second factor once, however it is typed; new codes replace the old", async () => {
  const user = await createTestUser(fixture.ctx, ["auditor"]);
  expect(new Set(user.recoveryCodes).size).toBe(10);
  const [code = "", other = ""] = user.recoveryCodes;
  const pending = async () => contextOfSession(deps(), (await signIn(user)).token);
  const done = await giveSecondFactor(await pending(), from(), { recovery_code: ` ${code.toUpperCase().replaceAll("-", " ")} ` });
  expect(done.reply.second_factor).toBe("given");
  await expect(giveSecondFactor(await pending(), from(), { recovery_code: code })).rejects.toMatchObject({ code: "sign-in-failed" });
  const whole = await contextOfSession(deps(), done.token);
  expect((await listFactors(whole)).recovery_codes_left).toBe(9);
  const { recovery_codes } = await newRecoveryCodes(whole);
  await expect(giveSecondFactor(await pending(), from(), { recovery_code: other })).rejects.toMatchObject({ code: "sign-in-failed" });
  expect((await giveSecondFactor(await pending(), from(), { recovery_code: recovery_codes[3] ?? "" })).reply.second_factor).toBe("given");
});

test("of two uses of the same code at once, one gets in: authenticator app and recovery code", async () => {
  const user = await createTestUser(fixture.ctx, ["auditor"]);
  const clock = movable();
  clock.move(60_000);
  const given = [{ totp: totpAt(user.totpSecret, clock.now()) }, { recovery_code: user.recoveryCodes[0] ?? "" }];
  for (const factor of given) {
    const pending = [await signIn(user), await signIn(user)].map(({ token }) => contextOfSession(deps(clock), token));
    const both = await Promise.allSettled((await Promise.all(pending)).map((ctx) => giveSecondFactor(ctx, from(), factor)));
    expect(both.map((one) => one.status).toSorted()).toEqual(["fulfilled", "rejected"]);
  }
});

test("a change of password needs the one before and a fresh second factor, and ends the other sessions", async () => {
  const user = await createTestUser(fixture.ctx, ["auditor"]);
  const other = await signIn(user);
  const change = { current: user.password, password: "outra frase bem longa", ip: from().ip };
  await expect(changePassword(user.ctx, { ...change, current: "errada" })).rejects.toMatchObject({ code: "sign-in-failed" });
  await expect(changePassword(user.ctx, { ...change, password: user.email })).rejects.toMatchObject({ pointer: "/body/password" });
  const pending = await contextOfSession(deps(), other.token);
  await expect(changePassword(pending, change)).rejects.toMatchObject({ code: "second-factor-required" });
  expect(await changePassword(user.ctx, change)).toEqual({ ended_sessions: 1 });
  expect(await authenticateSession(base.db, fixture.ctx.clock, user.token)).toBeDefined();
  await expect(signIn(user)).rejects.toMatchObject({ code: "sign-in-failed" });
  expect((await signIn({ ...user, password: change.password })).reply.user_id).toBe(user.userId);
});
