import { type Cipheriv, createCipheriv, createDecipheriv, createHmac, type Decipheriv, hkdfSync, timingSafeEqual } from "node:crypto";

/**
 * The references of one license: what an `indirect` value looks like when it is masked. Two licenses cannot join their
 * sets, a reference is good for one kind of object only, and nobody without the reference key can make or read one.
 */
export type OpaqueRefs = {
  /** The reference of a value. Integers up to 18 digits can be read back; any other text gives a one-way reference of the same form. */
  hide(kind: string, value: string): string;
  /** The integer behind a reference of this license and kind, as decimal text; else undefined. Never throws. */
  reveal(kind: string, ref: string): string | undefined;
};

const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
const refPattern = /^ref_[a-z2-7]{26}$/;
const integerPattern = /^(0|[1-9][0-9]{0,17})$/;

/**
 * Reference of an integer = one AES-256 block over (8 bytes of the integer, 8 bytes of its MAC), so it is deterministic,
 * authenticated (forging takes 2^64 tries against a rate limit) and 26 base32 characters long.
 */
export function createOpaqueRefs(referenceKey: Buffer, tenantId: string, licenseId: string): OpaqueRefs {
  let made: { blockKey: Buffer; macKey: Buffer } | undefined;
  // of ten thousand licenses a node calls for few
  const keys = () => (made ??= derivedKeys(referenceKey, JSON.stringify([tenantId, licenseId])));
  // ECB keeps nothing from one block to the next, so one of each serves all
  let cipher: Cipheriv | undefined;
  let decipher: Decipheriv | undefined;

  return {
    hide(kind, value) {
      const { blockKey, macKey } = keys();
      if (!integerPattern.test(value)) return format(mac(macKey, kind, `text:${value}`).subarray(0, 16));
      const block = Buffer.alloc(16);
      block.writeBigUInt64BE(BigInt(value));
      mac(macKey, kind, value).copy(block, 8, 0, 8);
      cipher ??= createCipheriv("aes-256-ecb", blockKey, null).setAutoPadding(false);
      return format(cipher.update(block));
    },
    reveal(kind, ref) {
      const block = parse(ref);
      if (block === undefined) return undefined;
      const { blockKey, macKey } = keys();
      decipher ??= createDecipheriv("aes-256-ecb", blockKey, null).setAutoPadding(false);
      const plain = decipher.update(block);
      const value = plain.readBigUInt64BE(0).toString();
      return timingSafeEqual(plain.subarray(8), mac(macKey, kind, value).subarray(0, 8)) ? value : undefined;
    },
  };
}

function derivedKeys(referenceKey: Buffer, salt: string): { blockKey: Buffer; macKey: Buffer } {
  const keys = Buffer.from(hkdfSync("sha256", referenceKey, salt, "aqueduto opaque reference 1", 64));
  return { blockKey: keys.subarray(0, 32), macKey: keys.subarray(32) };
}

function mac(key: Buffer, kind: string, value: string): Buffer {
  return createHmac("sha256", key).update(`${kind}\0${value}`).digest();
}

function format(block: Buffer): string {
  let bits = BigInt(`0x${block.toString("hex")}`) << 2n;
  let text = "";
  for (let i = 0; i < 26; i += 1) {
    text = alphabet.charAt(Number(bits & 31n)) + text;
    bits >>= 5n;
  }
  return `ref_${text}`;
}

function parse(ref: string): Buffer | undefined {
  if (!refPattern.test(ref)) return undefined;
  let bits = 0n;
  for (const c of ref.slice(4)) bits = (bits << 5n) | BigInt(alphabet.indexOf(c));
  // the last character carries two bits of padding; a second spelling of the same block is no reference
  if ((bits & 3n) !== 0n) return undefined;
  return Buffer.from((bits >> 2n).toString(16).padStart(32, "0"), "hex");
}
