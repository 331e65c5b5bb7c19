import { createCipheriv, createDecipheriv, randomBytes, scrypt } from "node:crypto";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "./error-code.ts";
import { keyBytes, readKeyFile, writeKeyFile } from "./key-files.ts";
import { KeyringError } from "./keyring-error.ts";

/** What a backup holds of a key directory: names and bytes of its key files. API keys and drafts are not among them. */
export type KeyFiles = ReadonlyMap<string, Buffer>;

const format = "aqueduto-keys/1";
const fileName = /^(pepper|data|reference|subject|sign|secret)-[a-z0-9-]{1,100}$/;
/** Files of keys that the database names; the others are the platform's own. */
const ofDatabase = /^(pepper|data|reference|subject)-/;
/** 128 MiB and about half a second a guess; RFC 7914. */
const cost = { N: 2 ** 17, r: 8, p: 1 };
export const shortestPassphrase = 16;

/** Reads every key file of a directory. Throws KeyringError on one that is damaged or open to others, or when there is none. */
export async function readKeyFiles(directory: string): Promise<KeyFiles> {
  const names = (await namesIn(directory)).filter((name) => fileName.test(name)).toSorted();
  const files = names.flatMap((name): [string, Buffer][] => {
    const bytes = readKeyFile(join(directory, name));
    return bytes === undefined ? [] : [[name, bytes]];
  });
  if (files.length === 0) throw new KeyringError(`${directory} holds no keys.`);
  return new Map(files);
}

/** Names of key files that the database has never heard of: of a rotation that did not end, or another installation's. */
export function strayKeys(files: KeyFiles, known: readonly { purpose: string; kid: string }[]): string[] {
  const names = new Set(known.map((key) => `${key.purpose}-${key.kid}`));
  return [...files.keys()].filter((name) => ofDatabase.test(name) && !names.has(name));
}

function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  });
}

/** The files, encrypted with AES-256-GCM under a key that scrypt makes of the passphrase; one line of JSON. */
export async function sealBackup(files: KeyFiles, passphrase: string): Promise<string> {
  if (passphrase.length < shortestPassphrase) throw new KeyringError(`A passphrase has at least ${shortestPassphrase} characters.`);
  const salt = randomBytes(16);
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", await keyOf(passphrase, salt), nonce);
  cipher.setAAD(Buffer.from(format));
  const plain = JSON.stringify(Object.fromEntries([...files].map(([name, bytes]) => [name, bytes.toString("hex")])));
  const sealed = Buffer.concat([cipher.update(plain, "utf8"), cipher.final(), cipher.getAuthTag()]);
  const [saltText, nonceText, sealedText] = [salt, nonce, sealed].map((bytes) => bytes.toString("base64"));
  return `${JSON.stringify({ format, scrypt: cost, salt: saltText, nonce: nonceText, sealed: sealedText })}\n`;
}

/** The files in a backup. Throws KeyringError when it is none, is damaged, or the passphrase is another. */
export async function openBackup(text: string, passphrase: string): Promise<KeyFiles> {
  const { salt, nonce, sealed } = parseBackup(text);
  const key = await keyOf(passphrase, salt);
  let plain: string;
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, nonce);
    decipher.setAAD(Buffer.from(format));
    decipher.setAuthTag(sealed.subarray(-16));
    plain = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]).toString();
  } catch {
    throw new KeyringError("This backup does not open: the passphrase is another one, or the file is damaged.");
  }
  return new Map(Object.entries(namedTexts(JSON.parse(plain))).map(([name, hex]) => [name, checkedKey(name, hex)]));
}

/**
 * Writes the files of a backup into a key directory (0600). Throws KeyringError, and writes nothing, when the directory
 * has any key: what is there may be the one that the database needs.
 */
export async function restoreKeyFiles(directory: string, files: KeyFiles): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const there = (await readdir(directory)).filter((name) => fileName.test(name));
  if (there.length > 0) throw new KeyringError(`${directory} has keys already (${there.join(", ")}). Restore into an empty directory.`);
  for (const [name, bytes] of files) writeKeyFile(join(directory, name), bytes);
}

function keyOf(passphrase: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize("NFKC"), salt, 32, { ...cost, maxmem: 256 * 2 ** 20 }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

function parseBackup(text: string): { salt: Buffer; nonce: Buffer; sealed: Buffer } {
  const members = namedTexts(parsed(text));
  if (members["format"] !== format) throw new KeyringError("This file is no backup of keys.");
  const bytes = (name: string) => Buffer.from(members[name] ?? "", "base64");
  const backup = { salt: bytes("salt"), nonce: bytes("nonce"), sealed: bytes("sealed") };
  if (backup.salt.length !== 16 || backup.nonce.length !== 12 || backup.sealed.length < 17)
    throw new KeyringError("This backup is damaged.");
  return backup;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new KeyringError("This file is no backup of keys.");
  }
}

/** The members of an object that are text. */
function namedTexts(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(Object(value)).filter((pair): pair is [string, string] => typeof pair[1] === "string"));
}

function checkedKey(name: string, hex: string): Buffer {
  const bytes = Buffer.from(hex, "hex");
  if (!fileName.test(name) || bytes.length !== keyBytes) throw new KeyringError("This backup holds something that is no key file.");
  return bytes;
}
