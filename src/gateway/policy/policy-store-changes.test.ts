import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { accessRow, grantRow, keys, licenseRow, policyRows, tokenRow } from "../testing/test-policy.ts";
import { compileSnapshot } from "./compile-snapshot.ts";
import { createContractCache } from "./contract-cache.ts";
import type { AccessRow, ClientRow, HolderState, PolicyChange, PolicyRows, TokenRow } from "./policy-rows.ts";
import { PolicyStore } from "./policy-store.ts";
import type { AccessPolicy, Snapshot } from "./snapshot.ts";

const states: readonly HolderState[] = ["active", "disabled", "revoked"];
const tenants = ["ten_a", "ten_b"];
/** Each of some few ids, in both tenants, so that steps meet. */
const few = fc.record({ tenant: fc.constantFrom(...tenants), number: fc.nat({ max: 1 }) });
const some = fc.nat({ max: 1 });
const instant = fc.option(fc.date({ min: new Date("2026-01-01"), max: new Date("2028-01-01"), noInvalidDate: true }), { nil: null });
const origins = ["https://a.example", "https://b.example"];
const digest = (tenant: string, number: number, pepper: number) => createHash("sha256").update(`${tenant} ${number} ${pepper}`).digest();

const step = fc.oneof(
  fc.record({ of: fc.constant("client" as const), at: few, state: fc.constantFrom(...states), partner: some }),
  fc.record({
    of: fc.constant("access" as const),
    at: few,
    license: some,
    kind: fc.constantFrom("publishable" as const, "confidential" as const),
    mode: fc.constantFrom("live" as const, "test" as const),
    cidrs: fc.subarray(["10.0.0.0/8", "2001:db8::/32"]),
    origins: fc.subarray(origins),
    state: fc.constantFrom(...states),
    expires_at: instant,
  }),
  fc.record({
    of: fc.constant("token" as const),
    at: few,
    pepper: some,
    state: fc.constantFrom("live" as const, "retiring" as const, "ended" as const),
    expires_at: instant,
  }),
  fc.record({ of: fc.constant("partner" as const), at: few, state: fc.option(fc.constantFrom(...states), { nil: undefined }) }),
  fc.record({
    of: fc.constant("license" as const),
    at: few,
    burst: fc.option(fc.nat({ max: 9 }), { nil: undefined }),
    granted: fc.boolean(),
  }),
  fc.record({ of: fc.constant("services" as const), at: few }),
  fc.record({
    of: fc.constant("switch" as const),
    at: few,
    level: fc.constantFrom("token", "access", "license", "partner", "all"),
    on: fc.boolean(),
  }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

type Table<T> = Map<string, T>;
/** The database, as far as the gateway reads it. */
type Model = {
  rows: PolicyRows;
  partners: Table<PolicyRows["partners"][number]>;
  clients: Table<ClientRow>;
  accesses: Table<AccessRow>;
  tokens: Table<TokenRow>;
  licenses: Table<PolicyRows["licenses"][number]>;
  grants: Table<PolicyRows["grants"][number]>;
  switches: Table<PolicyRows["switches"][number]>;
};

function newModel(): Model {
  const rows = policyRows({ live: "http://127.0.0.1:1" });
  const both = rows.services.flatMap((row) => tenants.map((tenant_id) => ({ ...row, tenant_id })));
  const operations = rows.operations.flatMap((row) => tenants.map((tenant_id) => ({ ...row, tenant_id })));
  const table = () => new Map<string, never>();
  return {
    rows: { ...rows, services: both, operations },
    partners: table(),
    clients: table(),
    accesses: table(),
    tokens: table(),
    licenses: table(),
    grants: table(),
    switches: table(),
  };
}

function put<T>(table: Table<T>, key: string, row: T | undefined): void {
  if (row === undefined) table.delete(key);
  else table.set(key, row);
}

/** Carries out a step in the model and adds to the change what the loader would read of it. */
function carryOut(model: Model, step: Step, change: PolicyChange): void {
  const { tenant: tenant_id, number } = step.at;
  const key = `${tenant_id} ${number}`;
  if (step.of === "client") {
    const row = { tenant_id, client_id: `cli_${number}`, partner_id: `par_${step.partner}`, state: step.state };
    model.clients.set(key, row);
    change.clients.push(row);
  } else if (step.of === "access") {
    const { of: _, at: __, license, ...more } = step;
    const row = accessRow({ ...more, tenant_id, access_id: `acc_${number}`, client_id: `cli_${number}`, license_id: `lic_${license}` });
    model.accesses.set(key, row);
    change.accesses.push(row);
  } else if (step.of === "token") {
    // a token refers to its access, so it comes no earlier
    if (!model.accesses.has(key)) return;
    const { state, expires_at } = step;
    const of = { tenant_id, token_id: `tok_${number}`, access_id: `acc_${number}`, digest: digest(tenant_id, number, step.pepper) };
    const row = tokenRow("x", { ...of, state, expires_at });
    model.tokens.set(key, row);
    change.tokens.push(row);
  } else carryOutSmall(model, step, change);
}

function carryOutSmall(model: Model, step: Exclude<Step, { of: "client" | "access" | "token" }>, change: PolicyChange): void {
  const { tenant: tenant_id, number } = step.at;
  const key = `${tenant_id} ${number}`;
  if (step.of === "partner") {
    put(model.partners, key, step.state === undefined ? undefined : { tenant_id, partner_id: `par_${number}`, state: step.state });
    change.partners = [...model.partners.values()];
  } else if (step.of === "license") {
    const of = { tenant_id, license_id: `lic_${number}`, partner_id: `par_${number}` };
    put(model.licenses, key, step.burst === undefined ? undefined : licenseRow({ ...of, burst: step.burst }));
    put(model.grants, key, step.granted ? { ...grantRow("getProperty", { indirect: "full" }), ...of } : undefined);
    addLicense(model, change, { tenant_id, license_id: of.license_id });
    if (change.licensing !== undefined) change.licensing = licensingOf(model);
  } else if (step.of === "services") {
    // a service or operation changed: all licenses are compiled over them anew
    change.licensing = licensingOf(model);
  } else {
    const { level } = step;
    const target_id = { token: `tok_${number}`, access: `acc_${number}`, license: `lic_${number}`, partner: `par_${number}`, all: "" }[
      level
    ];
    put(model.switches, `${tenant_id} ${level} ${target_id}`, step.on ? { tenant_id, level, target_id } : undefined);
    change.switches = [...model.switches.values()];
  }
}

/** The license as the loader reads it: alone, with all that it grants. */
function addLicense(model: Model, change: PolicyChange, id: { tenant_id: string; license_id: string }): void {
  const known = change.licenses?.ids ?? [];
  const ids = [...known.filter((one) => one.tenant_id !== id.tenant_id || one.license_id !== id.license_id), id];
  const isOne = (row: typeof id) => ids.some((one) => one.tenant_id === row.tenant_id && one.license_id === row.license_id);
  const { licenses, grants } = licensingOf(model);
  change.licenses = { ids, licenses: licenses.filter(isOne), grants: grants.filter(isOne), objects: [] };
}

function licensingOf(model: Model): NonNullable<PolicyChange["licensing"]> {
  const { services, operations, objects } = model.rows;
  return { services, operations, objects, licenses: [...model.licenses.values()], grants: [...model.grants.values()] };
}

const options = () => ({
  keys,
  contracts: createContractCache(),
  onFault(_serviceId: string, error: unknown) {
    throw error;
  },
});

function compiled(model: Model, epoch: bigint): Snapshot {
  const { partners, clients, accesses, tokens, switches } = model;
  const rows = {
    ...licensingOf(model),
    epoch,
    partners: [...partners.values()],
    clients: [...clients.values()],
    accesses: [...accesses.values()],
    tokens: [...tokens.values()],
    switches: [...switches.values()],
  };
  return compileSnapshot(rows, options());
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}

/** All that a call could learn from a snapshot, but what is compiled. */
function shown(snapshot: Snapshot) {
  const access = (of: AccessPolicy) => {
    const { license, allowsAddress, origins: registered, ...rest } = of;
    const { refs: _, grants, scope, ...terms } = license;
    const addresses = ["10.1.1.1", "11.1.1.1", "2001:db8::1"].map((address) => allowsAddress(address));
    return { ...rest, license: { ...terms, scope, grants: [...grants.keys()] }, addresses, origins: [...registered].toSorted(byText) };
  };
  const byDigest = tenants.flatMap((tenant) =>
    [0, 1, 2, 3].flatMap((number) =>
      [0, 1, 2, 3].map((pepper) => {
        const token = snapshot.tokens.get(digest(tenant, number, pepper).toString("latin1"));
        return token === undefined ? null : { ...token, access: access(token.access) };
      }),
    ),
  );
  const byOrigin = origins.map((origin) =>
    [...(snapshot.origins.get(origin) ?? [])]
      .map(access)
      .toSorted((a, b) => (`${a.license.tenantId} ${a.accessId}` < `${b.license.tenantId} ${b.accessId}` ? -1 : 1)),
  );
  const routed = tenants.map((tenant) => snapshot.routes.get(tenant)?.find("GET", "/v1/properties/7")?.route.operationId);
  const all = tenants.map((tenant) => JSON.stringify([...(snapshot.switches.get(tenant) ?? [])].toSorted(byText)));
  return { epoch: snapshot.epoch, size: snapshot.tokens.size, byDigest, byOrigin, routed, all };
}

test("whatever changes come, in whatever order, the policy is that of all rows compiled at once", () => {
  fc.assert(
    fc.property(fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { maxLength: 25 }), (changes) => {
      const model = newModel();
      const store = new PolicyStore(options());
      // the first load brings the small tables, empty
      const first: PolicyChange = {
        epoch: 0n,
        licensing: licensingOf(model),
        partners: [],
        switches: [],
        clients: [],
        accesses: [],
        tokens: [],
      };
      applied(store, first);
      for (const [at, steps] of changes.entries()) {
        const change: PolicyChange = { epoch: BigInt(at + 1), clients: [], accesses: [], tokens: [] };
        for (const one of steps) carryOut(model, one, change);
        expect(shown(applied(store, change))).toEqual(shown(compiled(model, change.epoch)));
      }
    }),
    { numRuns: 150 },
  );
});

function applied(store: PolicyStore, change: PolicyChange): Snapshot {
  const steps = store.apply(change);
  for (;;) {
    const done = steps.next();
    if (done.done === true) return done.value;
  }
}
