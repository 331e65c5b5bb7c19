import { parse, stringify } from "yaml";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestAdmin, type TestAdmin } from "../../test/helpers/admin.ts";
import { createTestDatabase, type TestDatabase } from "../../test/helpers/database.ts";
import { auditCount, createTenantFixture, type TenantFixture } from "../../test/helpers/tenant.ts";
import { type Client, createClient } from "../contract/client.ts";
import { approveLicenseVersion } from "../control/license/approve.ts";
import { getLicenseEffect } from "../control/license/effect.ts";
import { listLicenses } from "../control/license/list.ts";
import { publishLicenseVersion } from "../control/license/publish.ts";
import { applySteps, type Done } from "./policy-apply.ts";
import { exportPolicy } from "./policy-export.ts";
import { parsePolicyFile } from "./policy-file.ts";
import { planPolicy } from "./policy-plan.ts";
import { readPolicyState } from "./policy-state.ts";

let base: TestDatabase;
let fixture: TenantFixture;
let admin: TestAdmin;
let client: Client;
beforeAll(async () => {
  base = await createTestDatabase();
  fixture = await createTenantFixture(base.db);
  admin = await startTestAdmin({ db: base.db, keyring: fixture.keyring });
  client = createClient({ fetch, baseUrl: admin.url, key: fixture.apiKey });
});
afterAll(async () => {
  await admin[Symbol.asyncDispose]();
  await base[Symbol.asyncDispose]();
});

const policy = (more: { burst?: number; url?: string; cidr?: string } = {}) => `version: 1
partners:
  - name: Banco declarado
    licenses:
      - name: Cobrança
        purpose: Baixa de contas
        legal_basis: art. 7 V
        ends_at: 2099-01-01T00:00:00-03:00
        responsible: { name: Fulana de Tal, email: fulana@banco.example }
        encarregado: { name: Beltrano de Tal, email: dpo@banco.example }
        rate_per_second: 5
        burst: ${more.burst ?? 10}
        operations:
          - operation_id: getProperty
            projection: { identity: masked }
        events:
          - { event_type: client-transaction, variant: whole }
    clients:
      - name: Portal
        accesses:
          - { license: Cobrança, kind: confidential, mode: live, cidrs: ["${more.cidr ?? "10.1.2.3"}"] }
    webhooks:
      - license: Cobrança
        name: Pagamentos
        url: ${more.url ?? "https://hooks.example.com/a"}
        event_types: [client-transaction]
        mode: live
`;

async function plan(source: string) {
  return planPolicy(parsePolicyFile(source), await readPolicyState(client));
}

async function apply(source: string): Promise<Done[]> {
  const done: Done[] = [];
  await applySteps(client, await plan(source), (one) => done.push(one));
  return done;
}

const actions = (steps: { kind: string; action: string }[]) => steps.map((step) => `${step.kind} ${step.action}`);

/** What a second person does on the approval page. */
async function publish(): Promise<void> {
  const session = { sessionId: "ses_x", secondFactorAt: new Date() };
  const person = { ...fixture.ctx, actor: { kind: "user", id: "usr_approver" } as const, session };
  const license = (await listLicenses(person, { limit: 200 })).items.find((one) => one.name === "Cobrança");
  const key = { license_id: license?.license_id ?? "", version: license?.open_version?.version ?? 0 };
  const seen = async () => ({ ...key, effect: (await getLicenseEffect(person, key)).effect });
  await approveLicenseVersion(person, await seen());
  await publishLicenseVersion(person, await seen());
}

test("a policy file is planned, applied, waits for the approver, and then applied again changes nothing", { timeout: 60_000 }, async () => {
  const before = await auditCount(base.db, fixture.tenantId);
  const first = await plan(policy());
  expect(actions(first)).toEqual(["partner create", "license create", "client create", "access waits", "webhook waits"]);
  expect(await auditCount(base.db, fixture.tenantId)).toBe(before);

  const made = await apply(policy());
  expect(made.map((one) => one.detail)).toEqual([undefined, expect.stringMatching(/^lic_\w+ is submitted$/), undefined]);
  expect(made.map((one) => [one.step.kind, one.outcome])).toEqual([
    ["partner", "done"],
    ["license", "done"],
    ["client", "done"],
  ]);
  const waiting = await plan(policy());
  expect(actions(waiting)).toEqual(["partner unchanged", "license unchanged", "client unchanged", "access waits", "webhook waits"]);
  expect(await apply(policy())).toEqual([]);
  expect(actions(await plan(policy({ burst: 11 })))).toContain("license cannot");

  await publish();
  const rest = await apply(policy());
  expect(rest.map((one) => [one.step.kind, one.outcome, one.detail])).toEqual([
    ["access", "done", expect.stringContaining("aqueduto token create --access acc_")],
    ["webhook", "done", expect.stringContaining("aqueduto webhook test whk_")],
  ]);
  expect(rest[1]?.secret).toMatch(/^whsec_/);
  const settled = await auditCount(base.db, fixture.tenantId);
  expect(actions(await plan(policy()))).toEqual([
    "partner unchanged",
    "license unchanged",
    "client unchanged",
    "access unchanged",
    "webhook unchanged",
  ]);
  expect(await apply(policy())).toEqual([]);
  expect(await auditCount(base.db, fixture.tenantId)).toBe(settled);

  const changed = await plan(policy({ burst: 20, cidr: "10.9.0.0/16", url: "https://hooks.example.com/b" }));
  expect(changed.filter((step) => step.action === "change").map((step) => [step.kind, step.note])).toEqual([
    ["license", "burst"],
    ["access", "cidrs"],
    ["webhook", "url"],
  ]);
  const outcome = await apply(policy({ burst: 20, cidr: "10.9.0.0/16", url: "https://hooks.example.com/b" }));
  expect(outcome.map((one) => [one.step.kind, one.outcome, one.detail])).toEqual([
    ["license", "done", "version 2 is submitted"],
    ["access", "done", undefined],
    ["webhook", "done", expect.stringMatching(/ is pending$/)],
  ]);
});

test("an export is applied without a change, and holds no secret, token or person", { timeout: 60_000 }, async () => {
  const exported = stringify(exportPolicy(await readPolicyState(client)));
  const steps = await plan(exported);
  expect(steps.length).toBeGreaterThan(4);
  expect(steps.filter((step) => step.action !== "unchanged" && step.action !== "waits")).toEqual([]);
  for (const secret of [fixture.token, fixture.webhook.secret, fixture.apiKey, fixture.serviceCredential])
    expect(exported).not.toContain(secret);
  expect(exported).not.toMatch(/whsec_|aq_live_|aqk_|responsible|encarregado|secret/);
  expect(parse(exported)).toMatchObject({ version: 1 });
});

test("a license whose people the file leaves out stays a draft that waits for them", { timeout: 60_000 }, async () => {
  const file = policy()
    .replace("Banco declarado", "Banco sem pessoas")
    .replace(/ +(responsible|encarregado): .*\n/g, "");
  expect((await apply(file)).map((one) => one.detail)).toEqual([undefined, expect.stringMatching(/ is draft$/), undefined]);
  expect(actions(await plan(file))).toContain("license waits");
  expect(await apply(file)).toEqual([]);
  const named = policy().replace("Banco declarado", "Banco sem pessoas");
  expect((await apply(named)).map((one) => one.detail)).toEqual(["version 1 is submitted"]);
});

test(
  "what can never be is said in the plan, and a failing step names its reason and does not stop the others",
  { timeout: 60_000 },
  async () => {
    const file = policy().replace("Banco declarado", "Banco outro").replace("getProperty", "noSuchOperation");
    const done = await apply(file);
    expect(done.map((one) => [one.step.kind, one.outcome])).toEqual([
      ["partner", "done"],
      ["license", "failed"],
      ["client", "done"],
    ]);
    expect(done[1]?.detail).toContain("/body/operations/0");
  },
);
