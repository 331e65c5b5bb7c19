import type { FileAccess, FileClient, FileLicense, FilePartner, FileWebhook, PolicyFile } from "./policy-file.ts";
import { changedAccessMembers, changedLicenseMembers, changedWebhookMembers } from "./policy-compare.ts";
import type { PolicyState, StoredLicense } from "./policy-state.ts";

/** Where a step's thing is: the names that lead to it. */
type Place = { partner: string; client?: string; license?: string };

type Common = Place & {
  name: string;
  action: "create" | "change" | "unchanged" | "waits" | "cannot";
  /** What the person has to know: members that change, what it waits for, why it cannot be. */
  note?: string;
  id?: string;
};

/** One thing of the file and what has to happen so that the store has it. Steps come in the order they can be done in. */
export type Step =
  | (Common & { kind: "partner" })
  | (Common & { kind: "license"; wanted: FileLicense; openDraft?: number })
  | (Common & { kind: "client" })
  | (Common & { kind: "access"; wanted: FileAccess })
  | (Common & { kind: "webhook"; wanted: FileWebhook });

/** Compares a file with the store. Nothing is ever removed; what cannot be done says why. */
export function planPolicy(file: PolicyFile, state: PolicyState): Step[] {
  return file.partners.flatMap((partner) => planPartner(partner, state));
}

function planPartner(partner: FilePartner, state: PolicyState): Step[] {
  const found = state.partners.filter((one) => one.name === partner.name);
  const common = { kind: "partner", partner: partner.name, name: partner.name } as const;
  if (found.length > 1) return [{ ...common, action: "cannot", note: `${found.length} partners have this name` }];
  const [known] = found;
  if (known !== undefined && known.state === "revoked")
    return [{ ...common, action: "cannot", note: "the partner is revoked, which is final" }];
  const step: Step = known === undefined ? { ...common, action: "create" } : { ...common, action: "unchanged", id: known.partner_id };
  const within = { partner: partner.name, partnerId: known?.partner_id, state };
  return [
    step,
    ...(partner.licenses ?? []).map((wanted) => planLicense(wanted, within)),
    ...(partner.clients ?? []).flatMap((wanted) => planClient(wanted, within)),
    ...(partner.webhooks ?? []).map((wanted) => planWebhook(wanted, within)),
  ];
}

type Within = { partner: string; partnerId: string | undefined; state: PolicyState };

/** Licenses of a name that are not ended; an ended one frees its name. */
function licensesOf(within: Within, name: string): StoredLicense[] {
  return within.state.licenses.filter((one) => one.partner_id === within.partnerId && one.stated.name === name && one.state !== "ended");
}

function planLicense(wanted: FileLicense, within: Within): Step {
  const common = { kind: "license", partner: within.partner, name: wanted.name, wanted } as const;
  const found = licensesOf(within, wanted.name);
  if (found.length > 1) return { ...common, action: "cannot", note: `${found.length} licenses of this partner have this name` };
  const [known] = found;
  if (known === undefined)
    return {
      ...common,
      action: "create",
      note: hasPeople(wanted) ? "drafted and submitted; a person approves it" : `drafted; ${peopleFirst}`,
    };
  const changed = changedLicenseMembers(wanted, known.stated);
  const open = known.open_version;
  const id = known.license_id;
  if (changed.length === 0) return { ...common, id, ...pendingDraft(known) };
  const note = changed.join(", ");
  if (open === null) return { ...common, action: "change", note, id };
  if (open.state === "draft" || open.state === "refused") return { ...common, action: "change", note, id, openDraft: open.version };
  return {
    ...common,
    action: "cannot",
    note: `version ${open.version} is ${open.state}: a person decides on it or withdraws it first`,
    id,
  };
}

const peopleFirst = "its responsible person and encarregado have to be named before it is submitted";

function hasPeople(license: { responsible?: unknown; encarregado?: unknown }): boolean {
  return Boolean(license.responsible) && Boolean(license.encarregado);
}

/** What is to be done for a license that says what it should: nothing, or to submit its draft. */
function pendingDraft({ open_version: open, stated }: StoredLicense): Pick<Step, "action" | "note"> & { openDraft?: number } {
  if (open === null) return { action: "unchanged" };
  if (open.state !== "draft") return { action: "unchanged", note: `version ${open.version} is ${open.state}` };
  if (!stated.people_hidden && !hasPeople(stated)) return { action: "waits", note: peopleFirst };
  return { action: "change", note: "the draft is submitted", openDraft: open.version };
}

function planClient(wanted: FileClient, within: Within): Step[] {
  const common = { kind: "client", partner: within.partner, name: wanted.name } as const;
  const found = within.state.clients.filter((one) => one.partner_id === within.partnerId && one.name === wanted.name);
  if (found.length > 1) return [{ ...common, action: "cannot", note: `${found.length} clients of this partner have this name` }];
  const [known] = found;
  if (known?.state === "revoked") return [{ ...common, action: "cannot", note: "the client is revoked, which is final" }];
  const step: Step = known === undefined ? { ...common, action: "create" } : { ...common, action: "unchanged", id: known.client_id };
  return [
    step,
    ...(wanted.accesses ?? []).map((access) => planAccess(access, { ...within, client: wanted.name, clientId: known?.client_id })),
  ];
}

function planAccess(wanted: FileAccess, within: Within & { client: string; clientId: string | undefined }): Step {
  const { partner, client } = within;
  const common = { kind: "access", partner, client, license: wanted.license, name: `${client} × ${wanted.license}`, wanted } as const;
  const license = licensesOf(within, wanted.license)[0];
  const known = within.state.accesses.find((one) => one.client_id === within.clientId && one.license_id === license?.license_id);
  if (license === undefined || known === undefined) return { ...common, ...toCreate(license) };
  const id = known.access_id;
  if (known.state === "revoked") return { ...common, action: "cannot", note: "the access is revoked, which is final", id };
  if (known.kind !== wanted.kind || known.mode !== wanted.mode)
    return { ...common, action: "cannot", note: "kind and mode of an access never change", id };
  const changed = changedAccessMembers(wanted, known);
  return changed.length === 0 ? { ...common, action: "unchanged", id } : { ...common, action: "change", note: changed.join(", "), id };
}

function planWebhook(wanted: FileWebhook, within: Within): Step {
  const common = { kind: "webhook", partner: within.partner, license: wanted.license, name: wanted.name, wanted } as const;
  const license = licensesOf(within, wanted.license)[0];
  const found = within.state.webhooks.filter((one) => one.license_id === license?.license_id && one.name === wanted.name);
  if (found.length > 1) return { ...common, action: "cannot", note: `${found.length} webhooks of this license have this name` };
  const [known] = found;
  if (license === undefined || known === undefined) return { ...common, ...toCreate(license) };
  const id = known.webhook_id;
  if (known.mode !== wanted.mode) return { ...common, action: "cannot", note: "the mode of a webhook never changes", id };
  const changed = changedWebhookMembers(wanted, known);
  return changed.length === 0 ? { ...common, action: "unchanged", id } : { ...common, action: "change", note: changed.join(", "), id };
}

/** What hangs on a license can be made once the license is active. */
function toCreate(license: StoredLicense | undefined): { action: "create" | "waits"; note?: string } {
  if (license?.state === "active") return { action: "create" };
  return { action: "waits", note: "its license has to be approved and published first; apply again afterwards" };
}
