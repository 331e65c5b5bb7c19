import { createCipheriv, createDecipheriv } from "node:crypto";
import { takeRandom } from "./random-pool.ts";

/** A 32-byte symmetric key with the id that sealed values name. */
export type DataKey = { kid: string; key: Buffer };

/** `data` seals what is new; `oldData` (by id) opens what was sealed before a rotation, or by a node that is ahead. */
export type SealKeys = { readonly data: DataKey; readonly oldData: ReadonlyMap<string, Buffer> };

/**
 * Encrypts with AES-256-GCM. Layout: 1 byte version, 1 byte length of kid, kid, 12 bytes nonce, 16 bytes tag, ciphertext.
 * `context` binds the value to its place (table, column, row id): a sealed value moved elsewhere does not open.
 */
export function seal(key: DataKey, plain: Buffer | string, context: string): Buffer {
  const nonce = takeRandom(12);
  const cipher = createCipheriv("aes-256-gcm", key.key, nonce);
  cipher.setAAD(Buffer.from(context));
  const body = typeof plain === "string" ? cipher.update(plain, "utf8") : cipher.update(plain);
  // GCM has no last block: final gives the tag alone
  cipher.final();
  return Buffer.concat([headOf(key), nonce, cipher.getAuthTag(), body]);
}

const heads = new Map<string, Buffer>();

/** Version, length and id of the key; there are few. */
function headOf({ kid }: DataKey): Buffer {
  const known = heads.get(kid);
  if (known !== undefined) return known;
  const id = Buffer.from(kid);
  const head = Buffer.concat([Buffer.from([1, id.length]), id]);
  heads.set(kid, head);
  return head;
}

/** The id of the key that sealed this value. Throws RangeError when the value is not of this form. */
export function sealedBy(sealed: Buffer): string {
  const length = sealed[1];
  if (sealed[0] !== 1 || length === undefined || sealed.length < 2 + length + 28) throw new RangeError("not a sealed value");
  return sealed.subarray(2, 2 + length).toString();
}

/** Opens what `seal` made. Throws when the key, the context or a byte differs. */
export function unseal(key: DataKey, sealed: Buffer, context: string): Buffer {
  if (sealedBy(sealed) !== key.kid) throw new RangeError("sealed by another key");
  const at = 2 + Buffer.byteLength(key.kid);
  const decipher = createDecipheriv("aes-256-gcm", key.key, sealed.subarray(at, at + 12));
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(sealed.subarray(at + 12, at + 28));
  return Buffer.concat([decipher.update(sealed.subarray(at + 28)), decipher.final()]);
}

/** Opens what `seal` made under any of the keys. Throws when none is its key, or the context or a byte differs. */
export function openSealed(keys: SealKeys, sealed: Buffer, context: string): Buffer {
  const kid = sealedBy(sealed);
  const old = keys.oldData.get(kid);
  return unseal(old === undefined ? keys.data : { kid, key: old }, sealed, context);
}
