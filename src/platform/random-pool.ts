import { randomFillSync } from "node:crypto";

const pool = Buffer.alloc(8192);
let used = pool.length;

/**
 * Random bytes from a pool that is filled at once: a call of the system's generator costs as much as thousands of bytes.
 * Each byte is handed out once and overwritten. For nonces and ids; keys and tokens ask the generator themselves.
 */
export function takeRandom(length: number): Buffer {
  if (used + length > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const taken = Buffer.from(pool.subarray(used, used + length));
  pool.fill(0, used, used + length);
  used += length;
  return taken;
}
