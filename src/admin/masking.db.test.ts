import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestAdmin, type TestAdmin } from "../../test/helpers/admin.ts";
import { createTestDatabase, type TestDatabase } from "../../test/helpers/database.ts";
import { createFilledTenant, type FilledTenant } from "../../test/helpers/filled-tenant.ts";
import { createTestUser, pageHeaders, type TestUser } from "../../test/helpers/people.ts";
import { type Role, scopesOf } from "../contract/roles.ts";
import type { Route } from "../contract/route.ts";
import { adminApi, splitRouteKey, type RouteKey } from "../contract/routes.ts";
import { inviteUser } from "../control/user/invite.ts";
import { tenantTx } from "../db/tx.ts";
import { newId } from "../platform/ids.ts";
import { seal } from "../platform/seal.ts";

/** What must not be read by whoever helps: names, addresses of mail, telephones, network addresses of callers. */
const personal = {
  "a user's name": "Zuleica",
  "a user's e-mail": "zuleica.quintanilha@utility.example",
  "a responsible person's name": "Ruvanilda",
  "a responsible person's contact": "ruvanilda@partner.example",
  "the encarregado's name": "Ermelindo",
  "the encarregado's contact": "+55 81 93333-4455",
  "a caller's network address": "203.0.113.77",
  "a caller's user agent": "agent-of-a-person/7",
};

let base: TestDatabase;
let admin: TestAdmin;
let tenant: FilledTenant;
const users = new Map<Role, TestUser>();

beforeAll(async () => {
  base = await createTestDatabase();
  tenant = await createFilledTenant(base.db, {
    license: {
      responsible: { name: `${personal["a responsible person's name"]} Prado`, email: personal["a responsible person's contact"] },
      encarregado: { name: `${personal["the encarregado's name"]} Lobo`, phone: personal["the encarregado's contact"] },
    },
  });
  const invited = await inviteUser(tenant.ctx, {
    email: personal["a user's e-mail"],
    name: `${personal["a user's name"]} Quintanilha`,
    roles: ["operador"],
  });
  tenant.ids["user_id"] = invited.user_id;
  await insertTokenUse();
  for (const role of ["administrador", "suporte"] as const) users.set(role, await createTestUser(tenant.ctx, [role]));
  admin = await startTestAdmin({ db: base.db, keyring: tenant.keyring });
});
afterAll(async () => {
  await admin[Symbol.asyncDispose]();
  await base[Symbol.asyncDispose]();
});

async function insertTokenUse(): Promise<void> {
  const entryId = newId("aud");
  const ip = seal(tenant.keyring.data, personal["a caller's network address"], `access.ip:${entryId}`);
  const agent = seal(tenant.keyring.data, personal["a caller's user agent"], `access.agent:${entryId}`);
  await tenantTx(base.db, tenant.tenantId, (tx) =>
    sql`INSERT INTO token_use (tenant_id, token_id, operation_id, calls, first_at, last_at, last_status, entry_id, ip_sealed, agent_sealed)
      VALUES (${tenant.tenantId}, ${tenant.tokenId}, 'getProperty', 1, now(), now(), 200, ${entryId}, ${ip}, ${agent})`.execute(tx),
  );
}

const routeOf = (key: RouteKey): Route => adminApi[key];
const scopes = scopesOf(["suporte"]);
const reads = (Object.keys(adminApi) as RouteKey[]).filter((key) => {
  const { permission } = routeOf(key);
  return key.startsWith("GET ") && permission !== null && scopes.includes(permission);
});

function pathOf(key: RouteKey): string {
  const known: Record<string, string> = { version: "1", operation_id: "getProperty", ...tenant.ids };
  return splitRouteKey(key).path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const id = known[name];
    if (id === undefined) throw new Error(`no example id for the parameter ${name}`);
    return id;
  });
}

async function readAs(role: Role, key: RouteKey): Promise<string> {
  const user = users.get(role);
  if (user === undefined) throw new Error(`no user is ${role}`);
  const reply = await admin.send("GET", pathOf(key), { headers: pageHeaders(admin.url, user) });
  expect(reply.status).toBe(200);
  return reply.text;
}

describe("suporte", () => {
  test.each(reads)("%s shows no name, contact or network address", async (key) => {
    const text = await readAs("suporte", key);
    for (const [what, value] of Object.entries(personal)) expect(text, what).not.toContain(value);
    // and nothing that has the form of an address of mail but the masked one
    expect(text.replaceAll(/[^"\s]\*\*\*@[^"\s]\*\*\*/g, "")).not.toMatch(/[\w.+-]+@[\w-]+\.\w/);
  });

  test("what is hidden is there: the same reads of an administrador show each of it", async () => {
    const texts: string[] = [];
    for (const key of reads) texts.push(await readAs("administrador", key));
    for (const [what, value] of Object.entries(personal)) expect(texts.join("\n"), what).toContain(value);
  });
});
