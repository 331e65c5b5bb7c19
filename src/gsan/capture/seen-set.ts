import { sql } from "kysely";
import type { Tx } from "../../db/database.ts";

/** The base whose ids are meant. */
export type BaseKey = { tenantId: string; baseId: string };

const bucketSize = 4096;

/** Bucket of an id in `capture_seen`, and its bit there. */
export function placeOf(id: number): { bucket: number; bit: number } {
  const bucket = Math.floor(id / bucketSize);
  return { bucket, bit: id - bucket * bucketSize };
}

/** Bucket → bit string of 4096 characters with the bits of these ids set. */
export function bitsOf(ids: Iterable<number>): Map<number, string> {
  const buckets = new Map<number, Uint8Array>();
  for (const id of ids) {
    const { bucket, bit } = placeOf(id);
    let bytes = buckets.get(bucket);
    if (bytes === undefined) buckets.set(bucket, (bytes = new Uint8Array(bucketSize).fill(48)));
    bytes[bit] = 49;
  }
  return new Map(Array.from(buckets, ([bucket, bytes]) => [bucket, Buffer.from(bytes).toString("latin1")]));
}

/** Those of the ids that were never seen, in the given order. */
export async function unseenIds(tx: Tx, base: BaseKey, ids: number[]): Promise<number[]> {
  if (ids.length === 0) return [];
  const buckets = [...new Set(ids.map((id) => placeOf(id).bucket))];
  const { rows } = await sql<{ bucket: string; bits: string }>`
    SELECT bucket::text, bits::text FROM aqueduto.capture_seen
    WHERE tenant_id = ${base.tenantId} AND base_id = ${base.baseId} AND bucket = ANY (${buckets}::bigint[])`.execute(tx);
  const seen = new Map(rows.map((row) => [Number(row.bucket), row.bits]));
  return ids.filter((id) => {
    const { bucket, bit } = placeOf(id);
    return seen.get(bucket)?.[bit] !== "1";
  });
}

/** Marks ids as seen, for ever. */
export async function markSeen(tx: Tx, base: BaseKey, ids: number[]): Promise<void> {
  if (ids.length === 0) return;
  const buckets = bitsOf(ids);
  await sql`
    INSERT INTO aqueduto.capture_seen AS known (tenant_id, base_id, bucket, bits)
    SELECT ${base.tenantId}, ${base.baseId}, bucket, bits::bit(4096)
    FROM unnest(${[...buckets.keys()]}::bigint[], ${[...buckets.values()]}::text[]) AS page (bucket, bits)
    ON CONFLICT (tenant_id, base_id, bucket) DO UPDATE SET bits = known.bits | excluded.bits`.execute(tx);
}
