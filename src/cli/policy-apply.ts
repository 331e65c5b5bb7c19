import { ApiError, type Client } from "../contract/client.ts";
import { failureOf } from "./failure.ts";
import type { Step } from "./policy-plan.ts";

/** How a step went. `secret` is shown once: nobody can read it again. */
export type Done = { step: Step; outcome: "done" | "failed"; detail?: string; secret?: string };

/** Ids by the names that lead to them; filled as things are made. */
type Ids = Map<string, string>;

/**
 * Carries out the steps that create or change, in their order. A step that fails does not stop those that do not hang on
 * it. A repetition of an apply that was cut off goes on where it ended: what is there is found by its name.
 */
export async function applySteps(client: Client, steps: readonly Step[], told: (done: Done) => void): Promise<boolean> {
  const ids: Ids = new Map();
  let sound = true;
  for (const step of steps) {
    if (step.id !== undefined) ids.set(placeOf(step), step.id);
    if (step.action !== "create" && step.action !== "change") continue;
    const done = await attempt(client, step, ids);
    if (done.outcome === "failed") sound = false;
    told(done);
  }
  return sound;
}

function placeOf(step: Pick<Step, "kind" | "partner" | "name">): string {
  return JSON.stringify([step.kind, step.partner, step.name]);
}

async function attempt(client: Client, step: Step, ids: Ids): Promise<Done> {
  try {
    return { step, outcome: "done", ...(await carryOut(client, step, ids)) };
  } catch (error) {
    if (error instanceof ApiError || error instanceof MissingError) return { step, outcome: "failed", detail: failureOf(error).message };
    throw error;
  }
}

/** What this step hangs on was not made. */
class MissingError extends Error {}

function idOf(ids: Ids, kind: Step["kind"], partner: string, name: string): string {
  const id = ids.get(placeOf({ kind, partner, name }));
  if (id === undefined) throw new MissingError(`${kind} ${name} is not there`);
  return id;
}

type Outcome = { detail?: string; secret?: string };

function carryOut(client: Client, step: Step, ids: Ids): Promise<Outcome> {
  const isNew = step.action === "create";
  if (step.kind === "partner") return makePartner(client, step, ids);
  if (step.kind === "client") return makeClient(client, step, ids);
  if (step.kind === "license") return isNew ? makeLicense(client, step, ids) : changeLicense(client, step);
  if (step.kind === "access") return isNew ? makeAccess(client, step, ids) : changeAccess(client, step);
  return isNew ? makeWebhook(client, step, ids) : changeWebhook(client, step);
}

async function makePartner(client: Client, step: Of<"partner">, ids: Ids): Promise<Outcome> {
  ids.set(placeOf(step), (await client.call("POST /v1/partners", { body: { name: step.name } })).partner_id);
  return {};
}

type Of<K extends Step["kind"]> = Extract<Step, { kind: K }>;

async function makeClient(client: Client, step: Of<"client">, ids: Ids): Promise<Outcome> {
  const body = { partner_id: idOf(ids, "partner", step.partner, step.partner), name: step.name };
  ids.set(placeOf(step), (await client.call("POST /v1/clients", { body })).client_id);
  return {};
}

async function makeLicense(client: Client, step: Of<"license">, ids: Ids): Promise<Outcome> {
  const partner_id = idOf(ids, "partner", step.partner, step.partner);
  const made = await client.call("POST /v1/licenses", { body: { ...step.wanted, partner_id, state: stateOf(step.wanted) } });
  ids.set(placeOf(step), made.license_id);
  return { detail: `${made.license_id} is ${made.state}` };
}

/** A license is submitted with its people; without them it stays a draft for people to finish. */
function stateOf({ responsible, encarregado }: Of<"license">["wanted"]): "draft" | "submitted" {
  return responsible && encarregado ? "submitted" : "draft";
}

async function changeLicense(client: Client, step: Of<"license">): Promise<Outcome> {
  const license_id = step.id ?? "";
  const version = step.openDraft === undefined ? await draftVersion(client, step) : await patchDraft(client, step, step.openDraft);
  const params = { license_id, version: String(version) };
  const submitted = await client.call("POST /v1/licenses/{license_id}/versions/{version}/submit", { params, body: {} });
  return { detail: `version ${submitted.version} is ${submitted.state}` };
}

async function draftVersion(client: Client, step: Of<"license">): Promise<number> {
  const params = { license_id: step.id ?? "" };
  return (await client.call("POST /v1/licenses/{license_id}/versions", { params, body: step.wanted })).version;
}

async function patchDraft(client: Client, step: Of<"license">, version: number): Promise<number> {
  const params = { license_id: step.id ?? "", version: String(version) };
  const { etag } = await client.read("GET /v1/licenses/{license_id}/versions/{version}", { params });
  const headers = { "if-match": etag };
  await client.call("PATCH /v1/licenses/{license_id}/versions/{version}", { params, headers, body: step.wanted });
  return version;
}

async function makeAccess(client: Client, step: Of<"access">, ids: Ids): Promise<Outcome> {
  const { license, ...wanted } = step.wanted;
  const client_id = idOf(ids, "client", step.partner, step.client ?? "");
  const license_id = idOf(ids, "license", step.partner, license);
  const made = await client.call("POST /v1/accesses", { body: { ...wanted, client_id, license_id } });
  return { detail: `${made.access_id}; its token: aqueduto token create --access ${made.access_id}` };
}

async function changeAccess(client: Client, step: Of<"access">): Promise<Outcome> {
  const { license: _license, kind: _kind, mode: _mode, ...body } = step.wanted;
  const params = { access_id: step.id ?? "" };
  const { etag } = await client.read("GET /v1/accesses/{access_id}", { params });
  await client.call("PATCH /v1/accesses/{access_id}", { params, headers: { "if-match": etag }, body });
  return {};
}

async function makeWebhook(client: Client, step: Of<"webhook">, ids: Ids): Promise<Outcome> {
  const { license, ...wanted } = step.wanted;
  const body = { ...wanted, license_id: idOf(ids, "license", step.partner, license) };
  const made = await client.call("POST /v1/webhooks", { body });
  return { detail: `${made.webhook_id}; next: aqueduto webhook test ${made.webhook_id}`, secret: made.secret };
}

async function changeWebhook(client: Client, step: Of<"webhook">): Promise<Outcome> {
  const { license: _license, mode: _mode, name: _name, ...body } = step.wanted;
  const params = { webhook_id: step.id ?? "" };
  const { etag } = await client.read("GET /v1/webhooks/{webhook_id}", { params });
  const changed = await client.call("PATCH /v1/webhooks/{webhook_id}", { params, headers: { "if-match": etag }, body });
  return { detail: `${changed.webhook_id} is ${changed.state}` };
}
