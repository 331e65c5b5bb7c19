import { hkdfSync } from "node:crypto";
import { createKeyedHash, type KeyedHash } from "../platform/keyed-hash.ts";

/** What names a person in a call: the matrícula of their property, or their CPF or CNPJ. */
export type SubjectKind = "matricula" | "document";
export type Subject = { kind: SubjectKind; value: string };

/** More persons than this in one call are not told apart: the record carries `manySubjects` then. */
export const mostSubjects = 100;

/** Stands in place of the persons of a call that names more than `mostSubjects`. */
export const manySubjects = { kind: "many", value: "*" } as const;

/**
 * Keyed hashes of persons (hex), so that "who received data of this person" can be asked of the audit without the audit
 * holding the person: HMAC-SHA-256 under a key of the tenant and the month (UTC) of the call. Rows of two months, or of
 * two tenants, cannot be joined without the secret, and a CPF cannot be found by trying all of them.
 */
export type SubjectHasher = (of: { tenantId: string; at: Date }, subject: Subject | typeof manySubjects) => string;

const keptKeys = 512;

export function createSubjectHasher(secret: Buffer): SubjectHasher {
  const keys = new Map<string, KeyedHash>();

  function keyOf(tenantId: string, month: string): KeyedHash {
    // a month has no space
    const name = `${month} ${tenantId}`;
    const known = keys.get(name);
    if (known !== undefined) return known;
    if (keys.size >= keptKeys) keys.clear();
    const key = createKeyedHash(Buffer.from(hkdfSync("sha256", secret, tenantId, `aqueduto subject index 1 ${month}`, 32)));
    keys.set(name, key);
    return key;
  }

  return ({ tenantId, at }, { kind, value }) => keyOf(tenantId, monthOf(at)).text(`${kind}\0${value}`, "hex");
}

/** Year and month in UTC, `2026-11`. */
function monthOf(at: Date): string {
  return `${at.getUTCFullYear()}-${String(at.getUTCMonth() + 1).padStart(2, "0")}`;
}

/**
 * The one spelling of a matrícula (decimal, no leading zeros) or document (11 digits, or 14 characters that may hold
 * letters, since CNPJs of 2026 do). Undefined for what is none; check digits are not looked at.
 */
export function normalSubject(kind: SubjectKind, text: string): Subject | undefined {
  if (kind === "matricula") {
    const digits = /^0*([1-9][0-9]{0,11})$/.exec(text)?.[1];
    return digits === undefined ? undefined : { kind, value: digits };
  }
  const plain = text.replaceAll(/[.\-/\s]/g, "").toUpperCase();
  return /^(?:[0-9]{11}|[0-9A-Z]{12}[0-9]{2})$/.test(plain) ? { kind, value: plain } : undefined;
}
