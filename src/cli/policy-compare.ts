import type { FileAccess, FileLicense, FileWebhook } from "./policy-file.ts";
import type { PolicyState, StatedContent } from "./policy-state.ts";

type Stored<K extends "accesses" | "webhooks"> = PolicyState[K][number];

/** Members that the file states otherwise than the store; what the file leaves out is left alone. */
export function changedLicenseMembers(wanted: FileLicense, stated: StatedContent): string[] {
  const store: Record<keyof FileLicense, unknown> = { ...stated, object_scope: scopeOf(stated) };
  const { responsible, encarregado, ...rest } = wanted;
  // who may not see the people of a license cannot tell whether they differ
  return differing(stated.people_hidden ? rest : { ...rest, responsible, encarregado }, store);
}

export function changedAccessMembers(wanted: FileAccess, stored: Stored<"accesses">): string[] {
  const { license: _license, kind: _kind, mode: _mode, ...members } = wanted;
  return differing(members, stored);
}

export function changedWebhookMembers(wanted: FileWebhook, stored: Stored<"webhooks">): string[] {
  const { license: _license, mode: _mode, name: _name, ...members } = wanted;
  return differing(members, stored);
}

function differing(wanted: Readonly<Record<string, unknown>>, store: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(wanted)
    .filter(([name, value]) => value !== undefined && normal(name, value) !== normal(name, store[name]))
    .map(([name]) => name);
}

/** Lists whose order says nothing. */
const sets = new Set([
  "operations",
  "events",
  "event_types",
  "cidrs",
  "origins",
  "municipalities",
  "localities",
  "matriculas",
  "fields",
  "certificates",
  "contract_ranges",
]);
const instants = new Set(["starts_at", "ends_at", "expires_at"]);

/** One text for values that mean the same: instants in UTC, sets and members sorted, empty and absent alike. */
function normal(name: string, value: unknown): string {
  if (value === undefined || value === null) return "";
  if (instants.has(name) && typeof value === "string") return new Date(value).toISOString();
  if (name === "cidrs" && Array.isArray(value))
    return value
      .map((one) => cidrOf(String(one)))
      .toSorted()
      .join(" ");
  if (Array.isArray(value)) {
    const parts = value.map((one) => normal("", one));
    return (sets.has(name) ? parts.toSorted() : parts).join(" ");
  }
  if (typeof value !== "object") return JSON.stringify(value);
  const members = Object.entries(value)
    .map(([member, one]): [string, string] => [member, normal(member, one)])
    .filter(([, text]) => text !== "" && text !== "{}")
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([member, text]) => `${member}:${text}`).join(",")}}`;
}

/** A single address is a network of one. */
function cidrOf(text: string): string {
  if (text.includes("/")) return text.toLowerCase();
  return `${text.toLowerCase()}/${text.includes(":") ? 128 : 32}`;
}

function scopeOf(stated: StatedContent): unknown {
  if (stated.object_scope === null) return null;
  return { ...stated.object_scope, matriculas: stated.matriculas };
}
