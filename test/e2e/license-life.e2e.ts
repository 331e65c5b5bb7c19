import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ApiError, type Client } from "../../src/contract/client.ts";
import type { Reply } from "../../src/contract/routes.ts";
import { acceptLink, type Person } from "../helpers/person.ts";
import { type Demo, PlatformProcess } from "../helpers/platform-process.ts";

// the life of a license, in order: each test is one chapter and stands on those before it
let platform: PlatformProcess;
let demo: Demo;
/** Administrador, by the set-up link of the first start: drafts the license. */
let ana: Person;
/** Encarregado of the utility: approves it. */
let bia: Person;
/** Integrador: the partner's own user. */
let carla: Person;

let partnerId: string;
let license: { license_id: string };
let effect: string;
let accessId: string;
let first: Reply<"POST /v1/accesses/{access_id}/tokens">;
let second: Reply<"POST /v1/accesses/{access_id}/tokens/regenerate">;

beforeAll(async () => {
  platform = await PlatformProcess.start();
  demo = await platform.demo();
});
afterAll(() => platform?.[Symbol.asyncDispose]());

const versionOne = () => ({ license_id: license.license_id, version: "1" });

function call(token: string): Promise<Response> {
  return fetch(`${demo.gateway}/v1/properties/${demo.matricula}/bills`, { headers: { authorization: `Bearer ${token}` } });
}

async function statusOf(token: string): Promise<number> {
  return (await call(token)).status;
}

async function refusal(work: Promise<unknown>): Promise<{ status: number; code: string }> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ApiError)) throw new Error("a refusal was expected", { cause: error });
  return { status: error.status, code: error.code };
}

describe("people", () => {
  test("the set-up link of the first start makes the first administrador, once", async () => {
    const link = /\S+\/sign-in\/link#aql_\S+/.exec(platform.output)?.[0] ?? "";
    ana = await acceptLink(demo.admin, link, { name: "Ana Teste", email: "ana@concessionaria.example" });
    expect((await ana.client.call("GET /v1/session")).roles).toEqual(["administrador"]);
    const again = acceptLink(demo.admin, link, { name: "Outra Teste", email: "outra@concessionaria.example" });
    expect(await refusal(again)).toEqual({ status: 401, code: "sign-in-failed" });
  });

  test("she invites a second person, and a user of the partner, who sees that partner alone", async () => {
    partnerId = (await ana.client.call("POST /v1/partners", { body: { name: "Banco da Vida (TESTE)" } })).partner_id;
    const encarregado = { email: "bia@concessionaria.example", name: "Bia Teste", roles: ["encarregado" as const] };
    const integrador = { email: "carla@banco.example", name: "Carla Teste", roles: ["integrador" as const], partner_ids: [partnerId] };
    bia = await acceptLink(demo.admin, (await ana.client.call("POST /v1/users", { body: encarregado })).link);
    carla = await acceptLink(demo.admin, (await ana.client.call("POST /v1/users", { body: integrador })).link);
    const seen = await carla.client.call("GET /v1/partners");
    expect(seen.items.map((one) => one.partner_id)).toEqual([partnerId]);
  });
});

describe("the license", () => {
  test("is drafted and submitted by one person, who cannot approve it", async () => {
    const drafted = await ana.client.call("POST /v1/licenses", {
      body: {
        partner_id: partnerId,
        name: "arrecadação",
        purpose: "Collection of water bills",
        legal_basis: "art. 7 V",
        ends_at: new Date(Date.now() + 30 * 24 * 3_600_000).toISOString(),
        rate_per_second: 50,
        burst: 50,
        responsible: { name: "Rosa Teste", email: "rosa@banco.example" },
        encarregado: { name: "Elisa Teste", email: "elisa@banco.example" },
        operations: [{ operation_id: "listOpenBills", projection: { indirect: "full", financial: "full" } }],
      },
    });
    license = { license_id: drafted.license_id };
    expect(drafted).toMatchObject({ state: "draft", version: 0 });
    await ana.client.call("POST /v1/licenses/{license_id}/versions/{version}/submit", { params: versionOne(), body: {} });
    const seen = await ana.client.call("GET /v1/licenses/{license_id}/versions/{version}/effect", { params: versionOne() });
    expect(seen).toMatchObject({ needs_second_person: true, only_closes: false, against: null });
    expect(seen.cells_opened).toBeGreaterThan(0);
    ({ effect } = seen);
    const own = ana.client.call("POST /v1/licenses/{license_id}/versions/{version}/approve", { params: versionOne(), body: { effect } });
    expect(await refusal(own)).toEqual({ status: 403, code: "forbidden" });
    const early = ana.client.call("POST /v1/licenses/{license_id}/versions/{version}/publish", { params: versionOne(), body: { effect } });
    expect(await refusal(early)).toEqual({ status: 409, code: "conflict" });
  });

  test("is approved by another, and published by the effect that was looked at", async () => {
    const seen = await bia.client.call("GET /v1/licenses/{license_id}/versions/{version}/effect", { params: versionOne() });
    expect(seen.effect).toBe(effect);
    const approved = await bia.client.call("POST /v1/licenses/{license_id}/versions/{version}/approve", {
      params: versionOne(),
      body: { effect: seen.effect },
    });
    expect(approved).toMatchObject({ state: "approved", approved_by: `user:${bia.userId}`, single_approver: false });
    const unseen = { params: versionOne(), body: { effect: "0".repeat(64) } };
    expect(await refusal(ana.client.call("POST /v1/licenses/{license_id}/versions/{version}/publish", unseen))).toMatchObject({
      status: 409,
    });
    const published = await ana.client.call("POST /v1/licenses/{license_id}/versions/{version}/publish", {
      params: versionOne(),
      body: { effect },
    });
    expect(published).toMatchObject({ state: "in_force", version: { state: "published" } });
    const inForce = await ana.client.call("GET /v1/licenses/{license_id}", { params: license });
    expect(inForce).toMatchObject({ state: "active", version: 1 });
  });
});

describe("the token", () => {
  test("is made by the partner's own user, and a call with it works", async () => {
    const made = await carla.client.call("POST /v1/clients", { body: { partner_id: partnerId, name: "aplicativo" } });
    const access = await carla.client.call("POST /v1/accesses", {
      body: { client_id: made.client_id, license_id: license.license_id, kind: "confidential", mode: "test", cidrs: ["127.0.0.1/32"] },
    });
    accessId = access.access_id;
    first = await carla.client.call("POST /v1/accesses/{access_id}/tokens", { params: { access_id: accessId }, body: {} });
    const answer = await call(first.token);
    expect(answer.status).toBe(200);
    expect(JSON.stringify(await answer.json())).toContain("bill_id");
  });

  test("is regenerated with an overlap of 15 minutes: both work, and then, the overlap ended early, one", async () => {
    const before = Date.now();
    second = await carla.client.call("POST /v1/accesses/{access_id}/tokens/regenerate", {
      params: { access_id: accessId },
      body: { overlap: "15m" },
    });
    const left = Date.parse(second.retiring_until ?? "") - before;
    expect(left).toBeGreaterThan(14 * 60_000);
    expect(left).toBeLessThan(16 * 60_000);
    expect([await statusOf(first.token), await statusOf(second.token)]).toEqual([200, 200]);
    const ended = await carla.client.call("POST /v1/tokens/{token_id}/revoke", {
      params: { token_id: first.token_id },
      body: { reason: "the application has the new one" },
    });
    expect(ended.state).toBe("in_force");
    expect([await statusOf(first.token), await statusOf(second.token)]).toEqual([401, 200]);
  });

  test("is revoked by the partner's own user: the next call gets 401, with proof", async () => {
    const ended = await carla.client.call("POST /v1/tokens/{token_id}/revoke", {
      params: { token_id: second.token_id },
      body: { reason: "the contract ends" },
    });
    expect(ended.state).toBe("in_force");
    expect(await statusOf(second.token)).toBe(401);
    const proof = await carla.client.call("GET /v1/revocations/{revocation_id}", {
      params: { revocation_id: String(ended.revocation_id) },
    });
    expect(proof).toMatchObject({ state: "in_force", target: { kind: "token", id: second.token_id } });
  });
});

describe("the admin log", () => {
  async function entriesOf(client: Client, kind: string, id: string): Promise<[actor: string, action: string][]> {
    const { items } = await client.call("GET /v1/audit/admin", { query: { target_kind: kind, target_id: id, limit: 200 } });
    return items
      .toReversed()
      .filter((entry) => entry.actor_kind !== "system")
      .map((entry) => [`${entry.actor_kind}:${entry.actor_id}`, entry.action]);
  }
  const by = (person: Person) => `user:${person.userId}`;

  test("tells every step with who did it, to which object", async () => {
    expect(await entriesOf(bia.client, "license", license.license_id)).toEqual([
      [by(ana), "license.draft"],
      [by(ana), "license.submit"],
      [by(ana), "license.approve_refused"],
      [by(bia), "license.approve"],
      [by(ana), "license.publish"],
    ]);
    expect(await entriesOf(bia.client, "access", accessId)).toEqual([[by(carla), "access.create"]]);
    expect(await entriesOf(bia.client, "token", first.token_id)).toEqual([
      [by(carla), "token.create"],
      [by(carla), "token.revoke"],
    ]);
    expect(await entriesOf(bia.client, "token", second.token_id)).toEqual([
      [by(carla), "token.regenerate"],
      [by(carla), "token.revoke"],
    ]);
    expect(await entriesOf(bia.client, "partner", partnerId)).toEqual([[by(ana), "partner.create"]]);
    for (const { userId } of [bia, carla]) expect(await entriesOf(bia.client, "user", userId)).toContainEqual([by(ana), "user.invite"]);
  });

  test("shows the partner's user what is hers, and names, passwords and tokens to nobody", async () => {
    expect(await entriesOf(carla.client, "token", second.token_id)).toContainEqual([by(carla), "token.revoke"]);
    const { items } = await bia.client.call("GET /v1/audit/admin", { query: { limit: 200 } });
    const text = JSON.stringify(items);
    for (const secret of [first.token, second.token, "Ana Teste", "bia@concessionaria.example", "Rosa Teste", "frase de passagem"])
      expect(text).not.toContain(secret);
  });

  test("has the calls beside it: served ones under the license, and the refused one after the revocation", async () => {
    const calls = async () => (await bia.client.call("GET /v1/audit/access", { query: { access_id: accessId, limit: 200 } })).items;
    // four were served, two were refused by their revoked token
    await expect
      .poll(async () => (await calls()).map((entry) => entry.status).toSorted((a, b) => a - b), { timeout: 60_000 })
      .toEqual([200, 200, 200, 200, 401, 401]);
  });
});
