import type { Person } from "../../contract/license-content.ts";
import { openSealed, seal } from "../../platform/seal.ts";
import type { ActionContext } from "../context.ts";
import type { People } from "./draft.ts";

type VersionKey = { license_id: string; version: number };
export type SealedPeople = { responsible_sealed: Buffer | null; encarregado_sealed: Buffer | null };

/** Seals the people of a version, each bound to its place. */
export function sealPeople(ctx: Pick<ActionContext, "keyring">, key: VersionKey, people: People): SealedPeople {
  const sealed = (role: keyof People): Buffer | null => {
    const person = people[role];
    return person === null ? null : seal(ctx.keyring.data, JSON.stringify(person), sealContext(key, role));
  };
  return { responsible_sealed: sealed("responsible"), encarregado_sealed: sealed("encarregado") };
}

export function openPeople(ctx: Pick<ActionContext, "keyring">, row: VersionKey & SealedPeople): People {
  const open = (role: keyof People, sealed: Buffer | null): Person | null =>
    sealed === null ? null : storedPerson(JSON.parse(openSealed(ctx.keyring, sealed, sealContext(row, role)).toString()));
  return { responsible: open("responsible", row.responsible_sealed), encarregado: open("encarregado", row.encarregado_sealed) };
}

/** The people as the asker may see them. */
export function shownPeople(ctx: Pick<ActionContext, "keyring" | "scopes">, row: VersionKey & SealedPeople) {
  const mayShow = ctx.scopes.some((scope) => scope === "licenses:people" || scope === "operator");
  return mayShow ? { ...openPeople(ctx, row), people_hidden: false } : { responsible: null, encarregado: null, people_hidden: true };
}

function sealContext(key: VersionKey, role: keyof People): string {
  return `license_version.${role}:${key.license_id}:${key.version}`;
}

/** Sealed by sealPeople alone. */
function storedPerson(value: unknown): Person {
  return value as Person;
}
