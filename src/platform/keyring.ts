import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { keyFileIds, keyFilePath, makeKeyFile, readKeyFile } from "./key-files.ts";
import { KeyringError } from "./keyring-error.ts";
import type { DataKey, SealKeys } from "./seal.ts";

export type Pepper = { kid: string; key: Buffer };

/** Its members change when a key is rotated, so they are read where they are used and never kept. */
export type Keyring = SealKeys & {
  /** Of token digests. `previous` is a second one that digests may stand under: the one before, or the one to come. */
  readonly pepper: Pepper & { previous?: Pepper };
  /** Makes the references that licenses see instead of a matrícula; not rotated, so that references last. */
  readonly reference: DataKey;
  /** Of the hashes by which the audit finds the calls about a person; not rotated, so that calls of before are found. */
  readonly subject: DataKey;
  /** 32 bytes in a file of that name in the key directory, made (0600) on first use. */
  namedSecret(name: string): Buffer;
};

export type KeyPurpose = "pepper" | "data" | "reference" | "subject";

const purposes: readonly KeyPurpose[] = ["pepper", "data", "reference", "subject"];

/**
 * What the database knows about a key: enough to notice a missing or a wrong file, not enough to be the key. `next` is
 * a key that every node reads before the first of them uses it.
 */
export type KeyCheck = { kid: string; purpose: KeyPurpose; check_value: Buffer; state: "next" | "live" | "old" | "ended" };

/** HMAC-SHA-256(key, "aqueduto-check"). */
export function keyCheckValue(key: Buffer): Buffer {
  return createHmac("sha256", key).update("aqueduto-check").digest();
}

/**
 * The keys of an installation that has none in its database yet: made in the directory (0700), or taken from there
 * when an earlier first start ended before the database knew them. Throws KeyringError when it is not clear which.
 */
export async function makeFirstKeys(directory: string): Promise<KeyCheck[]> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const made: KeyCheck[] = [];
  for (const purpose of purposes) made.push(await makeFirstKey(directory, purpose));
  return made;
}

/** The key of a purpose that the database knows none of. Throws KeyringError when several files could be it. */
export async function makeFirstKey(directory: string, purpose: KeyPurpose): Promise<KeyCheck> {
  const found = await keyFileIds(directory, purpose);
  if (found.length > 1) {
    throw new KeyringError(
      `The database knows no keys, and ${directory} has several of kind ${purpose} (${found.join(", ")}). This looks like another installation's directory: give this one its own AQUEDUTO_KEYS.`,
    );
  }
  return makeKey(directory, { purpose, kid: found[0] ?? newKid(), state: "live" });
}

/** A new key of a purpose, in a file of its own in the directory; it is in use once the database says so. */
export function makeNextKey(directory: string, purpose: KeyPurpose): KeyCheck {
  return makeKey(directory, { purpose, kid: newKid(), state: "next" });
}

function makeKey(directory: string, of: Omit<KeyCheck, "check_value">): KeyCheck {
  return { ...of, check_value: keyCheckValue(makeKeyFile(keyFilePath(directory, of.purpose, of.kid))) };
}

function newKid(): string {
  return randomBytes(4).toString("hex");
}

/** A keyring that takes up rotated keys while the process runs. */
export type OpenKeyring = Keyring & {
  /** Reads the keys that the database names now. Throws KeyringError, and keeps what it has, when one cannot be opened. */
  refresh(checks: readonly KeyCheck[]): void;
};

/**
 * Opens the keys that the database's rows need. Throws KeyringError, and makes nothing, when a file is missing or
 * holds another key.
 */
export function openKeyring(directory: string, checks: readonly KeyCheck[]): OpenKeyring {
  let keys = readKeys(directory, checks);
  return {
    get pepper() {
      return keys.pepper;
    },
    get data() {
      return keys.data;
    },
    get oldData() {
      return keys.oldData;
    },
    get reference() {
      return keys.reference;
    },
    get subject() {
      return keys.subject;
    },
    namedSecret: (name) => namedSecret(directory, name),
    refresh(next) {
      keys = readKeys(directory, next);
    },
  };
}

/** Throws KeyringError when a file that the rows of the database need is missing or holds another key. */
export function checkKeyFiles(directory: string, checks: readonly KeyCheck[]): void {
  for (const check of checks) if (check.state !== "ended") openKey(directory, check);
}

function readKeys(directory: string, checks: readonly KeyCheck[]): Omit<Keyring, "namedSecret"> {
  const needed = checks.filter((check) => check.state !== "ended").map((check) => ({ ...check, key: openKey(directory, check) }));
  const of = (purpose: KeyPurpose) => needed.filter((check) => check.purpose === purpose);
  const live = (purpose: KeyPurpose) =>
    theOnly(
      of(purpose).filter((check) => check.state === "live"),
      purpose,
    );
  const previous = of("pepper").find((check) => check.state !== "live");
  return {
    pepper: { ...live("pepper"), ...(previous === undefined ? {} : { previous: { kid: previous.kid, key: previous.key } }) },
    data: live("data"),
    oldData: new Map(
      of("data")
        .filter((check) => check.state !== "live")
        .map(({ kid, key }) => [kid, key]),
    ),
    reference: live("reference"),
    subject: live("subject"),
  };
}

function theOnly(found: (KeyCheck & { key: Buffer })[], purpose: KeyPurpose): DataKey {
  const [check] = found;
  if (check !== undefined && found.length === 1) return { kid: check.kid, key: check.key };
  throw new KeyringError(`aqueduto.key_check must have one live key of kind ${purpose}; it has ${found.length}.`);
}

function openKey(directory: string, { kid, purpose, check_value }: KeyCheck): Buffer {
  const path = keyFilePath(directory, purpose, kid);
  const key = readKeyFile(path);
  if (key === undefined) {
    throw new KeyringError(
      `Key ${kid} (${purpose}) is missing: rows of the database need ${path}. Bring it back from the backup of AQUEDUTO_KEYS; no replacement is made, because what the key protects would be lost.`,
    );
  }
  const value = keyCheckValue(key);
  if (value.length !== check_value.length || !timingSafeEqual(value, check_value)) {
    throw new KeyringError(
      `Key ${kid} (${purpose}) in ${path} is not the one that the rows of the database need. Bring the right file back from the backup of AQUEDUTO_KEYS.`,
    );
  }
  return key;
}

function namedSecret(directory: string, name: string): Buffer {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) throw new RangeError("a secret's name is kebab-case");
  const path = join(directory, `secret-${name}`);
  return readKeyFile(path) ?? makeKeyFile(path);
}
