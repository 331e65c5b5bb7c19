import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestAdmin, type TestAdmin } from "../../test/helpers/admin.ts";
import { createTestDatabase, type TestDatabase } from "../../test/helpers/database.ts";
import { createTestUser, pageHeaders, type TestUser } from "../../test/helpers/people.ts";
import { auditCount, createTenantFixture, type TenantFixture } from "../../test/helpers/tenant.ts";
import type { Route } from "../contract/route.ts";
import { adminApi, splitRouteKey, type RouteKey } from "../contract/routes.ts";
import { openSession } from "../control/session/open.ts";
import { csrfOf } from "../control/session/token.ts";
import { tenantTx } from "../db/tx.ts";

let base: TestDatabase;
let fixture: TenantFixture;
let admin: TestAdmin;
let user: TestUser;
beforeAll(async () => {
  base = await createTestDatabase();
  fixture = await createTenantFixture(base.db);
  user = await createTestUser(fixture.ctx, ["administrador"]);
  admin = await startTestAdmin({ db: base.db, keyring: fixture.keyring });
});
afterAll(async () => {
  await admin[Symbol.asyncDispose]();
  await base[Symbol.asyncDispose]();
});

const routeOf = (key: RouteKey): Route => adminApi[key];
const own = (Object.keys(adminApi) as RouteKey[]).filter((key) => routeOf(key).person === true || /users|sign-in/.test(key));

/** A session for each call: some calls end theirs. */
async function page(): Promise<Record<string, string>> {
  const opened = { userId: user.userId, method: "password" as const, secondFactorAt: new Date(), awaitsFactor: false };
  const { token } = await tenantTx(base.db, fixture.tenantId, (tx) => openSession(tx, { ...fixture.ctx, requestId: "req_test" }, opened));
  return pageHeaders(admin.url, { token, csrf: csrfOf(token) });
}

const nasty = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>("\u0000", "\ud800", "x".repeat(70_000), "' OR 1=1 --", "", -1, 2 ** 53, null, [], {}, [[]], {
    __proto__: null,
    constructor: 1,
  }),
);
const answer = { id: "AA", rawId: "AA", type: "public-key", response: {}, clientExtensionResults: {} };

/** Values that a route takes, so that faults deep in a verb are reached too. */
function plausible(name: string): fc.Arbitrary<unknown> {
  const known: Record<string, unknown[]> = {
    email: ["a@b", "ã@ü.example", "A@EXAMPLE.COM", user.email],
    password: ["uma frase bem comprida", "\ud83d\ude00".repeat(12), "\u0301".repeat(40), user.password],
    current: [user.password, "x"],
    link: [`aql_${"A".repeat(43)}`],
    totp: ["000000"],
    recovery_code: ["0".repeat(16), "-".repeat(20)],
    roles: [["auditor"], ["integrador"], ["administrador", "integrador"]],
    partner_ids: [[], ["par_x"], [fixture.partner.partner_id]],
    challenge_id: ["sic_x"],
    response: [
      answer,
      { ...answer, response: { clientDataJSON: "e30", attestationObject: "oA", authenticatorData: "AA", signature: "AA" } },
    ],
    passkey: [{ challenge_id: "x", response: answer }],
    issuer: ["https://sso.example.com", "http://127.0.0.1:1", "http://example.com", "file:///etc/passwd", "https://a:b@c"],
    email_domains: [["example.com"]],
    role_map: [[{ value: "x", roles: ["auditor"] }], [{ value: "x", roles: ["integrador"] }]],
    tenant_id: [fixture.tenantId, "ten_x"],
    state: ["active"],
    role: ["auditor"],
  };
  return fc.constantFrom<unknown>(...(known[name] ?? ["texto"]));
}

function members(names: readonly string[]): fc.Arbitrary<Record<string, unknown>> {
  const one = (name: string) =>
    fc.option(fc.oneof({ weight: 4, arbitrary: plausible(name) }, { weight: 1, arbitrary: nasty }), { nil: undefined, freq: 8 });
  return fc.record(Object.fromEntries(names.map((name) => [name, one(name)])));
}

/** Members of a schema, also of each form of a union. */
function namesOf(schema: unknown): string[] {
  const forms: unknown = Reflect.get(Object(schema), "anyOf");
  if (Array.isArray(forms)) return forms.flatMap(namesOf);
  return Object.keys(Object(Reflect.get(Object(schema), "properties")));
}

test.each(own)(
  "%s in a session: no input makes it fail on our side, and no refused call changes anything",
  { timeout: 120_000 },
  async (key) => {
    const { method, path } = splitRouteKey(key);
    const route = routeOf(key);
    const input = fc.record({
      query: members(namesOf(route.query)),
      body: fc.oneof({ weight: 6, arbitrary: members(namesOf(route.body)) }, { weight: 1, arbitrary: nasty }),
      id: fc.constantFrom(user.userId, "usr_x", "%00", "..", "a".repeat(300)),
    });
    await fc.assert(
      fc.asyncProperty(input, async ({ query, body, id }) => {
        const headers = await page();
        const before = await auditCount(base.db, fixture.tenantId);
        const search = new URLSearchParams(
          Object.entries(query).map(([name, value]) => [name, (JSON.stringify(value) ?? "").slice(0, 1000)]),
        );
        const url = path.replaceAll(/\{\w+\}/g, id) + (route.query === undefined ? "" : `?${search.toString()}`);
        const reply = await admin.send(method, url, { headers, ...(method === "GET" ? {} : { text: JSON.stringify(body) ?? "" }) });
        // a provider that does not answer is not our failure
        if (reply.status !== 502) expect(reply.status, reply.text).toBeLessThan(500);
        // a wrong guess is noted, and a lock
        const noted = ["sign-in-failed", "sign-in-locked"].includes(String(Reflect.get(Object(reply.json), "code")));
        if (reply.status >= 400 && !noted) expect(await auditCount(base.db, fixture.tenantId)).toBe(before);
      }),
      { numRuns: 15 },
    );
  },
);
