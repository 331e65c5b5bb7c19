import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PlatformProcess, until, type Demo } from "../helpers/platform-process.ts";

let platform: PlatformProcess;
let demo: Demo;

beforeAll(async () => {
  platform = await PlatformProcess.start();
  demo = await platform.demo();
});

afterAll(() => platform[Symbol.asyncDispose]());

const call = (token: string | undefined, path = demo.call.path) =>
  fetch(demo.gateway + path, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });

/** Status and text without what may differ: ids, the proof that is made of them, and time. */
async function sameness(answer: Response): Promise<string> {
  const text = (await answer.text()).replaceAll(/"(request_id|proof)":"[^"]*"/g, "");
  const headers = [...answer.headers].filter(([name]) => !["date", "x-request-id", "audit-entry", "keep-alive"].includes(name));
  return JSON.stringify([answer.status, headers, text]);
}

/** A fresh access with its token, so that a test can spend it. */
async function newAccess(license = demo.licenseId): Promise<{ accessId: string; token: string; tokenId: string }> {
  const made = await platform.admin("POST", "/v1/clients", { partner_id: demo.partnerId, name: "e2e" });
  const access = await platform.admin("POST", "/v1/accesses", {
    client_id: made.body["client_id"],
    license_id: license,
    kind: "confidential",
    mode: "test",
    cidrs: ["127.0.0.1/32"],
  });
  expect(access.status).toBe(201);
  const accessId = String(access.body["access_id"]);
  const token = await platform.command("token", "create", "--access", accessId);
  return { accessId, token: String(token["token"]), tokenId: String(token["tokenId"]) };
}

describe("the printed call", () => {
  test("answers 200 with projected data and the ids of the request and of its audit entry", async () => {
    const answer = await call(demo.token);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("audit-entry")).toMatch(/^aud_/);
    expect(answer.headers.get("ratelimit")).toBeTruthy();
    const text = await answer.text();
    expect(text).toContain(String(demo.matricula));
    expect(text).not.toContain(demo.cpf);
  });

  test("is in the audit once the answer is there", async () => {
    const answer = await call(demo.token);
    const id = answer.headers.get("audit-entry") ?? "";
    const entry = await until("the entry", async () => {
      const found = await platform.admin("GET", `/v1/audit/entries/${id}`);
      return found.status === 200 && found.body;
    });
    expect(JSON.stringify(entry)).toContain(demo.licenseId);
    expect(JSON.stringify(entry)).not.toContain(demo.token);
  });
});

describe("a call that is not allowed", () => {
  test("has a sister that says whether a document is that of the property's client", async () => {
    const ask = async (document: string) => {
      const body = JSON.stringify({ document, property: String(demo.matricula) });
      const headers = { authorization: `Bearer ${demo.token}`, "content-type": "application/json" };
      const answer = await fetch(`${demo.gateway}/v1/identity-checks`, { method: "POST", headers, body });
      return answer.json();
    };
    expect([await ask(demo.cpf), await ask("00000000000")]).toEqual([{ match: true }, { match: false }]);
  });

  test("gets the same 401 without token, with a malformed, an unknown, a revoked and an expired one", async () => {
    const revoked = await newAccess();
    expect((await call(revoked.token)).status).toBe(200);
    await platform.command("token", "revoke", revoked.tokenId, "--reason", "test");
    const expired = await newAccess();
    await platform.admin("POST", `/v1/tokens/${expired.tokenId}/revoke`, { reason: "to make one that expires" });
    const expires_at = new Date(Date.now() + 3000).toISOString();
    const { body: short } = await platform.admin("POST", `/v1/accesses/${expired.accessId}/tokens`, { expires_at });
    await until("the expiry", async () => (await call(String(short["token"]))).status === 401);
    const unknown = `${demo.token.slice(0, -1)}${demo.token.endsWith("a") ? "b" : "a"}`;
    const answers = await Promise.all([undefined, "nonsense", unknown, revoked.token, String(short["token"])].map((token) => call(token)));
    const same = new Set(await Promise.all(answers.map(sameness)));
    expect(answers[0]?.status).toBe(401);
    expect(same.size).toBe(1);
  });

  test("gets the same 404 for an operation outside the license and for a route that does not exist", async () => {
    const outside = await call(demo.token, demo.forbidden.path);
    const unknown = await call(demo.token, "/v1/nothing/here");
    expect(outside.status).toBe(404);
    // the budget that is left is counted down by each call
    const strip = (text: string) => text.replaceAll(/r=\d+;t=\d+/g, "");
    expect(strip(await sameness(outside))).toBe(strip(await sameness(unknown)));
  });

  test("gets 429 with the standard headers over the limit", async () => {
    const license = await platform.admin("POST", "/v1/licenses", {
      partner_id: demo.partnerId,
      name: "two at once",
      purpose: "e2e",
      legal_basis: "art. 7 V",
      ends_at: new Date(Date.now() + 3_600_000).toISOString(),
      rate_per_second: 0.01,
      burst: 2,
      operations: [{ operation_id: "listOpenBills", projection: { indirect: "full", financial: "full" } }],
    });
    expect(license.status).toBe(201);
    const { token } = await newAccess(String(license.body["license_id"]));
    const path = `/v1/properties/${demo.matricula}/bills`;
    const statuses = [await call(token, path), await call(token, path), await call(token, path)];
    expect(statuses.map((answer) => answer.status)).toEqual([200, 200, 429]);
    expect(Number(statuses[2]?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(statuses[2]?.headers.get("ratelimit")).toMatch(/r=0/);
    expect(statuses[2]?.headers.get("ratelimit-policy")).toMatch(/q=2/);
  });
});

describe("a token is regenerated", () => {
  test("with an overlap both work, and demo.json names the new one", async () => {
    const before = demo.token;
    const made = await platform.command("token", "regenerate", "--access", demo.accessId, "--overlap", "15m");
    expect(made).toMatchObject({ accessId: demo.accessId });
    expect(Date.parse(String(made["retiringUntil"]))).toBeGreaterThan(Date.now());
    expect((await call(before)).status).toBe(200);
    expect((await call(String(made["token"]))).status).toBe(200);
    demo = await platform.demo();
    expect(demo.token).toBe(made["token"]);
  });

  test("without an overlap the old one is refused by the next call", async () => {
    const before = demo.token;
    const made = await platform.command("token", "regenerate", "--access", demo.accessId, "--overlap", "0");
    expect(made["retiringUntil"]).toBeNull();
    expect((await call(before)).status).toBe(401);
    demo = await platform.demo();
    expect((await call(demo.token)).status).toBe(200);
  });
});

describe("nothing answers without a credential", () => {
  test("on admin and base, but health, readiness and the static page", async () => {
    expect((await fetch(`${demo.admin}/healthz`)).status).toBe(200);
    expect((await fetch(`${demo.admin}/readyz`)).status).toBe(200);
    const page = await fetch(`${demo.admin}/`);
    expect(page.status).toBe(200);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect((await fetch(`${demo.admin}/`, { method: "HEAD" })).status).toBe(200);
    for (const path of ["/v1/tokens", "/v1/status", "/v1/events"]) expect((await fetch(demo.admin + path)).status).toBe(401);
    expect((await fetch(`${demo.base}/v1/properties/${demo.matricula}`)).status).toBe(401);
  });
});

test("doctor finds nothing wrong", async () => {
  const { code, stdout } = await platform.run(["doctor"]);
  expect(stdout).not.toContain("FAILED");
  expect(code).toBe(0);
});
