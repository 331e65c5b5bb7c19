import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";

/** Cursors of one list of one object: opaque, and of no use for another object. */
export type PageCursor = {
  /** Cursor that stands after row `id` of the list of `owner`; both are not negative and below 2^63. */
  write(owner: bigint, id: bigint): string;
  /** The row id, or undefined when the cursor was not made here for this owner. */
  read(owner: bigint, cursor: string): bigint | undefined;
};

/**
 * A cursor is one AES-256 block over (owner, id) under a key derived from the service's key: it shows neither number,
 * and a changed cursor names another owner but for one chance in 2^64. Nodes with the same key read each other's.
 */
export function createPageCursor(serviceKey: Buffer): PageCursor {
  const key = Buffer.from(hkdfSync("sha256", serviceKey, "", "aqueduto base cursor 1", 32));
  return {
    write(owner, id) {
      const block = Buffer.alloc(16);
      block.writeBigInt64BE(owner, 0);
      block.writeBigInt64BE(id, 8);
      const cipher = createCipheriv("aes-256-ecb", key, null).setAutoPadding(false);
      return Buffer.concat([cipher.update(block), cipher.final()]).toString("base64url");
    },
    read(owner, cursor) {
      const block = Buffer.from(cursor, "base64url");
      if (block.length !== 16 || block.toString("base64url") !== cursor) return undefined;
      const decipher = createDecipheriv("aes-256-ecb", key, null).setAutoPadding(false);
      const plain = Buffer.concat([decipher.update(block), decipher.final()]);
      const id = plain.readBigInt64BE(8);
      return plain.readBigInt64BE(0) === owner && id >= 0n ? id : undefined;
    },
  };
}
