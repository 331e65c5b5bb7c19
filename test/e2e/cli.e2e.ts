import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { main } from "../../src/cli/main.ts";
import { totpAt } from "../helpers/people.ts";
import { PlatformProcess } from "../helpers/platform-process.ts";

type Json = Record<string, unknown>;

let platform: PlatformProcess;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "aqueduto-cli-"));
  platform = await PlatformProcess.start();
  vi.stubEnv("HOME", folder);
  vi.stubEnv("AQUEDUTO_DATA", platform.dataDir);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await platform[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/**
 * Runs a command that must do; its JSON. It runs in this process: a process of its own for each costs a second, and the
 * tests that are about standard input, exit codes or output take one.
 */
async function aqueduto(...args: string[]): Promise<Json> {
  let stdout = "";
  const written = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    stdout += String(chunk);
    return true;
  });
  const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
  try {
    await main([...args, "--json"]);
    expect(process.exitCode ?? 0, `${args.join(" ")}: ${said.mock.calls.flat().join()}`).toBe(0);
  } finally {
    process.exitCode = 0;
    written.mockRestore();
    said.mockRestore();
  }
  return JSON.parse(stdout) as Json;
}

/** The same as the person who signed in. */
async function asMe(...args: string[]): Promise<Json> {
  return aqueduto("--as-me", ...args);
}

/** Runs a command that must fail; its exit code and what it says. */
async function refused(...args: string[]): Promise<{ code: number; error: Json }> {
  const { code, stderr } = await platform.run([...args, "--json"], { home: folder });
  return { code, error: (JSON.parse(stderr) as { error: Json }).error };
}

async function file(name: string, content: string): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

/** Status of a call through the gateway. */
async function call(token: string): Promise<number> {
  const { gateway, matricula } = await platform.demo();
  const answer = await fetch(`${gateway}/v1/properties/${matricula}/payments`, { headers: { authorization: `Bearer ${token}` } });
  await answer.text();
  return answer.status;
}

const text = (value: unknown) => String(value);

const draft = `
name: Arrecadação
ends_at: 2099-01-01T00:00:00-03:00
responsible: { name: Fulana de Tal, email: fulana@banco.example }
encarregado: { name: Beltrano de Tal, email: dpo@banco.example }
`;

describe("a new user walks the commands", () => {
  let partner = "";
  let client = "";
  let license = "";
  let access = "";
  let live = { token: "", id: "" };

  test("the set-up link makes the first administrador, who signs in with an authenticator app; nothing secret is an argument", async () => {
    const link = /\S+#aql_\S+/.exec(platform.output)?.[0] ?? "";
    let answered = false;
    const { code, stdout, stderr } = await platform.run(
      ["sign-in", "--link", "--email", "ana@concessionaria.example", "--name", "Ana Lima", "--json"],
      {
        home: folder,
        input: `${link}\numa senha bem comprida\n`,
        reply: (said) => {
          const secret = /authenticator app: ([A-Z2-7]+)\n/.exec(said)?.[1];
          if (answered || secret === undefined) return undefined;
          answered = true;
          return `${totpAt(secret, new Date())}\n`;
        },
      },
    );
    expect(code, stderr).toBe(0);
    const signedIn = JSON.parse(stdout) as Json;
    expect(signedIn["roles"]).toEqual(["administrador"]);
    expect(signedIn["recoveryCodes"]).toHaveLength(10);
  });

  test("a license is drafted and submitted by key; a key cannot approve it, the person can, by the effect that was seen", async () => {
    partner = text((await aqueduto("partner", "create", "Banco Exemplo"))["partnerId"]);
    client = text((await aqueduto("client", "create", "App do banco", "--partner", partner))["clientId"]);
    const content = await file("bank.yaml", draft);
    const made = await aqueduto("license", "draft", "--partner", partner, "--template", "bank", "--file", content, "--submit");
    license = text(made["licenseId"]);
    const effect = text((await aqueduto("license", "effect", license, "1"))["effect"]);

    const byKey = await refused("license", "approve", license, "1", "--effect", effect);
    expect(byKey).toMatchObject({ code: 1, error: { code: "forbidden", message: expect.stringMatching(/signed-in person.*--as-me/) } });

    expect(await asMe("license", "approve", license, "1", "--effect", effect)).toMatchObject({ state: "approved" });
    expect(await asMe("license", "publish", license, "1", "--effect", effect)).toMatchObject({
      version: { state: "published" },
      state: "in_force",
    });
  });

  test("an access gets a token, regenerates it with an overlap, and the old one ends when it is revoked", async () => {
    const made = await aqueduto(
      "access",
      "create",
      "--client",
      client,
      "--license",
      license,
      "--mode",
      "test",
      "--cidr",
      "127.0.0.1/32",
      "::1/128",
    );
    access = text(made["accessId"]);
    const first = await aqueduto("token", "create", "--access", access);
    expect(await call(text(first["token"]))).toBe(200);
    const second = await aqueduto("token", "regenerate", "--access", access, "--overlap", "15m");
    expect([await call(text(first["token"])), await call(text(second["token"]))]).toEqual([200, 200]);
    await aqueduto("token", "revoke", text(first["tokenId"]), "--reason", "overlap over");
    expect([await call(text(first["token"])), await call(text(second["token"]))]).toEqual([401, 200]);
    live = { token: text(second["token"]), id: text(second["tokenId"]) };
  });

  test("a token made by the client is accepted by its SHA-256 alone, and the platform never printed its value", async () => {
    const own = await aqueduto("token", "new");
    const registered = await platform.run(
      ["token", "register", "--access", access, "--sha256", text(own["sha256"]), "--overlap", "1h", "--json"],
      { home: folder },
    );
    expect(registered.code, registered.stderr).toBe(0);
    expect(registered.stdout + platform.output).not.toContain(own["token"]);
    expect([await call(text(own["token"])), await call(live.token)]).toEqual([200, 200]);
  });

  test("a kill switch bites at once; its undo takes a person; its proof can be read again", async () => {
    const set = await aqueduto("kill", "set", "partner", partner, "--reason", "key leaked");
    expect(await call(live.token)).toBe(401);
    const undo = await refused("kill", "undo", text(set["switchId"]), "--reason", "new key");
    const proof = await aqueduto("revocation", "show", text(set["revocationId"]));
    expect(undo).toMatchObject({ code: 1, error: { code: "forbidden" } });
    expect(proof).toMatchObject({ state: "in_force" });
    // the person did not set it: the operator's key did
    await asMe("kill", "undo", text(set["switchId"]), "--reason", "new key");
    expect(await call(live.token)).toBe(200);
  });

  test("services, privacy and keys are run from the command", async () => {
    const minimal = {
      openapi: "3.1.0",
      info: { title: "Ping", version: "1" },
      paths: {
        "/ping": {
          get: {
            operationId: "pingOnly",
            summary: "Whether it serves",
            responses: {
              "200": {
                description: "it serves",
                content: {
                  "application/json": {
                    schema: {
                      type: "object",
                      additionalProperties: false,
                      properties: { up: { type: "boolean", "x-lgpd": "technical" } },
                    },
                  },
                },
              },
            },
          },
        },
      },
    };
    const document = await file("ping.json", JSON.stringify(minimal));
    const registering = ["service", "register", document, "--name", "ping", "--sandbox", "http://127.0.0.1:9", "--json"];
    const { stdout, stderr } = await platform.run(registering, { input: "credential-12345\n" });
    expect(stderr).toBe("");
    const service = JSON.parse(stdout) as Json;
    const record = await aqueduto("privacy", "record", "--from", new Date().toISOString().slice(0, 7));
    const incidentOpen = ["privacy", "incident", "open", "--title", "Lista exposta", "--description", "A list is public"];
    const incident = await aqueduto(...incidentOpen, "--known", new Date(Date.now() - 3_600_000).toISOString());
    const keys = await aqueduto("keys", "verify");
    expect(service).toMatchObject({ name: "ping", identityKey: expect.stringMatching(/^[\w-]{43}$/) });
    expect(record).toContainEqual(expect.objectContaining({ licenseId: license, name: "listPropertyPayments" }));
    expect(incident).toMatchObject({ state: "opened", clock: { term: "notify", overdue: false } });
    expect(keys["faults"]).toEqual([]);
    const again = await refused("service", "register", document, "--name", "ping", "--live", "https://ping.example");
    expect(again).toMatchObject({ code: 2, error: { usage: true } });
  });

  test("what export wrote, apply finds unchanged; a change is shown, made, and gone from the next plan", async () => {
    const { stdout } = await platform.run(["export", "--people"], { home: folder });
    expect(stdout).not.toMatch(/aq_(live|test)_|whsec_/);
    const policy = await file("policy.yaml", stdout);
    const actions = async (...args: string[]) => {
      const { code, stdout: plan } = await platform.run(["apply", ...args, "--json"], { home: folder });
      const { steps } = JSON.parse(plan) as { steps: { action: string; kind: string; name: string }[] };
      return { code, changes: steps.filter((step) => step.action !== "unchanged").map(({ action, kind }) => `${action} ${kind}`) };
    };
    expect(await actions(policy)).toEqual({ code: 0, changes: [] });
    const changed = await file("changed.yaml", stdout.replace("name: App do banco", "name: App novo"));
    const both = ["create client", "create access"];
    expect(await actions(changed)).toEqual({ code: 3, changes: both });
    expect(await actions(changed, "--yes")).toEqual({ code: 0, changes: both });
    expect(await actions(changed)).toEqual({ code: 0, changes: [] });
  });
});
