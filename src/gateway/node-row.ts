import { sql } from "kysely";
import type { Db } from "../db/database.ts";

/** How long a renewal holds the lease. */
export const leaseMs = 1_000;

export type NodeRow = {
  /** Writes both bounds and the acknowledged epoch; answers the newest epoch of the store once they stand there. */
  renew(epoch: bigint): Promise<bigint>;
  /** The node serves no more. */
  stop(): Promise<void>;
};

/** The node's row. The bounds are instants of the store's clock, which all nodes and the admin side share. */
export function createNodeRow(db: Db, options: { nodeId: string; roles: readonly string[]; graceMs: number }): NodeRow {
  const servesMs = Math.max(options.graceMs, leaseMs);
  return {
    async renew(epoch) {
      await sql`
        INSERT INTO aqueduto.node (node_id, roles, epoch, lease_until, serves_until)
        VALUES (${options.nodeId}, ${options.roles}, ${epoch.toString()}::bigint,
                clock_timestamp() + make_interval(secs => ${leaseMs / 1000}), clock_timestamp() + make_interval(secs => ${servesMs / 1000}))
        ON CONFLICT (node_id) DO UPDATE
           SET roles = excluded.roles, epoch = excluded.epoch, lease_until = excluded.lease_until,
               serves_until = excluded.serves_until, stopped_at = NULL`.execute(db);
      // a statement of its own: a revocation that did not see these bounds has committed by now, so it is seen here
      const { rows } = await sql<{ epoch: bigint }>`SELECT epoch FROM aqueduto.policy_epoch`.execute(db);
      return rows[0]?.epoch ?? epoch;
    },
    async stop() {
      await sql`UPDATE aqueduto.node SET stopped_at = clock_timestamp(), lease_until = clock_timestamp(), serves_until = clock_timestamp()
                 WHERE node_id = ${options.nodeId}`.execute(db);
    },
  };
}
