import type { FileAccess, FileClient, FileLicense, FilePartner, FileWebhook, PolicyFile } from "./policy-file.ts";
import type { PolicyState, StoredLicense } from "./policy-state.ts";

/**
 * The store as a policy file. What has ended for good is left out. Of names that are there twice the first is written,
 * because the file could not tell them apart.
 */
export function exportPolicy(state: PolicyState, people = false): PolicyFile {
  const partners = byName(state.partners.filter((one) => one.state !== "revoked"));
  return { version: 1, partners: partners.map((partner) => partnerOf(state, partner, people)) };
}

function byName<T extends { name: string }>(items: readonly T[]): T[] {
  return [...new Map(items.toReversed().map((item) => [item.name, item])).values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function partnerOf(state: PolicyState, partner: PolicyState["partners"][number], people: boolean): FilePartner {
  const licenses = byName(
    state.licenses
      .filter((one) => one.partner_id === partner.partner_id && one.state !== "ended")
      .map((one) => ({ ...one, name: one.stated.name })),
  );
  const names = new Map(licenses.map((one) => [one.license_id, one.name]));
  const clients = byName(state.clients.filter((one) => one.partner_id === partner.partner_id && one.state !== "revoked"));
  const webhooks = byName(state.webhooks.filter((one) => names.has(one.license_id)));
  return {
    name: partner.name,
    ...(licenses.length === 0 ? {} : { licenses: licenses.map((one) => licenseOf(one, people)) }),
    ...(clients.length === 0 ? {} : { clients: clients.map((one) => clientOf(state, names, one)) }),
    ...(webhooks.length === 0 ? {} : { webhooks: webhooks.map((one) => webhookOf(names, one)) }),
  };
}

function licenseOf({ stated }: StoredLicense, people: boolean): FileLicense {
  return {
    name: stated.name,
    purpose: stated.purpose,
    legal_basis: basisOf(stated.legal_basis),
    ...present({ consent: stated.consent, contract_number: stated.contract_number }),
    starts_at: stated.starts_at,
    ends_at: stated.ends_at,
    rate_per_second: stated.rate_per_second,
    burst: stated.burst,
    ...present({ quota_day: stated.quota_day, quota_month: stated.quota_month }),
    operations: stated.operations,
    events: stated.events,
    ...present({ object_scope: scopeOf(stated), bindings: stated.bindings }),
    ...(people ? present({ responsible: stated.responsible, encarregado: stated.encarregado }) : {}),
  };
}

function scopeOf({ object_scope, matriculas }: StoredLicense["stated"]) {
  if (object_scope === null) return null;
  const { municipalities, localities, contract_ranges } = object_scope;
  return { municipalities, localities, contract_ranges, ...(matriculas.length === 0 ? {} : { matriculas }) };
}

/** Stored under the closed list that takes it. */
function basisOf(text: string): FileLicense["legal_basis"] {
  return text as FileLicense["legal_basis"];
}

function clientOf(state: PolicyState, names: ReadonlyMap<string, string>, client: PolicyState["clients"][number]): FileClient {
  const accesses = state.accesses
    .filter((one) => one.client_id === client.client_id && one.state !== "revoked" && names.has(one.license_id))
    .map((one): FileAccess => {
      const { kind, mode, cidrs, origins, certificate_sha256, signature_key, expires_at } = one;
      return {
        license: names.get(one.license_id) ?? "",
        kind,
        mode,
        ...(cidrs.length === 0 ? {} : { cidrs }),
        ...(origins.length === 0 ? {} : { origins }),
        ...present({ certificate_sha256, signature_key, expires_at }),
      };
    });
  return { name: client.name, ...(accesses.length === 0 ? {} : { accesses }) };
}

function webhookOf(names: ReadonlyMap<string, string>, webhook: PolicyState["webhooks"][number]): FileWebhook {
  const { name, url, event_types, mode, max_batch } = webhook;
  return { license: names.get(webhook.license_id) ?? "", name, url, event_types, mode, max_batch };
}

type Present<T> = { [K in keyof T]?: NonNullable<T[K]> };

/** The members that are not null. */
function present<T extends Record<string, unknown>>(members: T): Present<T> {
  // null is what was left out
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null)) as Present<T>;
}
