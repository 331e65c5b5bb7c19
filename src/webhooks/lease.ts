import { createHash } from "node:crypto";
import { sql } from "kysely";
import type { Db, Tx } from "../db/database.ts";
import type { Clock } from "../platform/clock.ts";

/** Tenants are spread over this many shards; each shard's fan-out has one worker at a time. Part of stored lease names. */
const shardCount = 8;

export function shardOf(tenantId: string): number {
  return createHash("sha256").update(tenantId).digest().readUInt32BE() % shardCount;
}

function shardLease(shard: number): string {
  return `fan-out:${shard}`;
}

/**
 * The leases of one dispatcher run in table lease: its own (`dispatcher:<run>`), by which its claims on deliveries stand,
 * and those of the fan-out shards it holds. One statement renews all. When the process dies they lapse within `leaseMs`.
 */
export class DispatcherLease {
  readonly run: string;
  readonly #db: Db;
  readonly #clock: Clock;
  readonly #leaseMs: number;
  #until = 0;
  #fences = new Map<number, bigint>();

  constructor(options: { db: Db; clock: Clock; run: string; leaseMs: number }) {
    this.#db = options.db;
    this.#clock = options.clock;
    this.run = options.run;
    this.#leaseMs = options.leaseMs;
  }

  /** Whether the run's lease surely holds: measured on the monotonic clock from before the renewal was sent. */
  holds(): boolean {
    return this.#clock.monotonicMs() < this.#until;
  }

  /** The fence of a tenant's shard, when this run is its worker. */
  fenceFor(tenantId: string): bigint | undefined {
    return this.holds() ? this.#fences.get(shardOf(tenantId)) : undefined;
  }

  /** Takes or renews the run's lease and every shard that is free. Returns whether a shard was gained. */
  async renew(): Promise<boolean> {
    const sentMs = this.#clock.monotonicMs();
    const names = [this.#own(), ...Array.from({ length: shardCount }, (_, shard) => shardLease(shard))];
    const { rows } = await sql<{ name: string; fence: bigint }>`
      INSERT INTO lease AS l (name, holder, until)
      SELECT name, ${this.run}, now() + ${this.#leaseMs} * interval '1 millisecond' FROM unnest(${names}::text[]) AS name ORDER BY name
      ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until,
        fence = CASE WHEN l.holder = excluded.holder THEN l.fence ELSE l.fence + 1 END
       WHERE l.holder = excluded.holder OR l.until < now()
      RETURNING name, fence`.execute(this.#db);
    const held = new Map(rows.map((row) => [row.name, row.fence]));
    this.#until = held.has(this.#own()) ? sentMs + this.#leaseMs : 0;
    const before = this.#fences;
    this.#fences = new Map();
    for (let shard = 0; shard < shardCount; shard += 1) {
      const fence = held.get(shardLease(shard));
      if (fence !== undefined) this.#fences.set(shard, fence);
    }
    return [...this.#fences].some(([shard, fence]) => before.get(shard) !== fence);
  }

  /** Locks a shard's lease for the transaction; false when another worker has it by now, so the caller must write nothing. */
  async fence(tx: Tx, tenantId: string, fence: bigint): Promise<boolean> {
    const { rows } = await sql`SELECT 1 FROM lease WHERE name = ${shardLease(shardOf(tenantId))}
      AND holder = ${this.run} AND fence = ${fence.toString()}::bigint FOR SHARE`.execute(tx);
    return rows.length === 1;
  }

  /** Gives everything up at once, so that others need not wait; also sweeps leases of runs that died long ago. */
  async release(): Promise<void> {
    this.#until = 0;
    this.#fences.clear();
    await sql`UPDATE lease SET until = now() - interval '1 second' WHERE holder = ${this.run} AND name LIKE 'fan-out:%'`.execute(this.#db);
    await sql`DELETE FROM lease WHERE name = ${this.#own()} OR (name LIKE 'dispatcher:%' AND until < now() - interval '1 day')`.execute(
      this.#db,
    );
  }

  #own(): string {
    return `dispatcher:${this.run}`;
  }
}
