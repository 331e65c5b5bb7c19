import { sql } from "kysely";
import type { Db, Tx } from "../../db/database.ts";
import { tenantTx } from "../../db/tx.ts";
import type { Granted, Quota, QuotaRows } from "./quota-slices.ts";
import type { LineState, ShareRows } from "./share-lease.ts";
import { isEmpty, noRange, type Range } from "./share-line.ts";
import { sliceOf } from "./slice-size.ts";

const longestRestSeconds = 30 * 86_400;

/** The row of this node's share. All instants are the store's, which every node shares. */
export function createShareRows(db: Db, nodeId: string): ShareRows {
  return {
    exchange: (reserveMs, decide) =>
      db.transaction().execute(async (tx) => {
        await sql`SELECT pg_advisory_xact_lock(hashtext('aqueduto.limit_share'))`.execute(tx);
        const range = decide(await readLine(tx, nodeId));
        await writeRange(tx, { nodeId, range, reserveMs });
        return range;
      }),
    async release(restedMs) {
      const seconds = Math.min(restedMs / 1000, longestRestSeconds);
      await sql`UPDATE aqueduto.limit_share SET reserved_until = clock_timestamp() - make_interval(secs => ${seconds})
                 WHERE node_id = ${nodeId} AND reserved_until > clock_timestamp()`.execute(db);
    },
  };
}

type LineRow = { node_id: string; from_part: number; to_part: number; reserved: boolean; idle_ms: number };

async function readLine(tx: Tx, nodeId: string): Promise<LineState> {
  const { rows } = await sql<LineRow>`
    SELECT node_id, from_part, to_part, reserved_until > clock_timestamp() AS reserved,
           (extract(epoch FROM clock_timestamp() - reserved_until) * 1000)::float8 AS idle_ms
      FROM aqueduto.limit_share`.execute(tx);
  const held = rows.filter((row) => row.reserved).map((row) => ({ nodeId: row.node_id, range: { from: row.from_part, to: row.to_part } }));
  return {
    others: held.filter((holding) => holding.nodeId !== nodeId),
    own: held.find((holding) => holding.nodeId === nodeId)?.range ?? noRange,
    idleMs: held.some(({ range }) => !isEmpty(range)) ? 0 : Math.max(0, Math.min(...rows.map((row) => row.idle_ms))),
  };
}

async function writeRange(tx: Tx, { nodeId, range, reserveMs }: { nodeId: string; range: Range; reserveMs: number }): Promise<void> {
  await sql`
    INSERT INTO aqueduto.limit_share (node_id, from_part, to_part, reserved_until)
    VALUES (${nodeId}, ${range.from}, ${range.to}, clock_timestamp() + make_interval(secs => ${reserveMs / 1000}))
    ON CONFLICT (node_id) DO UPDATE
       SET from_part = excluded.from_part, to_part = excluded.to_part, reserved_until = excluded.reserved_until`.execute(tx);
  // of the nodes that are gone the last one tells since when nothing was used
  await sql`
    DELETE FROM aqueduto.limit_share
     WHERE reserved_until < clock_timestamp() - interval '1 day'
       AND reserved_until < (SELECT max(reserved_until) FROM aqueduto.limit_share WHERE node_id <> ${nodeId})`.execute(tx);
}

/** The counts of quotas. The store's clock and the tenant's time zone say which period it is. */
export function createQuotaRows(db: Db): QuotaRows {
  return {
    lease: (quota) =>
      tenantTx(db, quota.tenantId, async (tx) => {
        const period = await presentPeriod(tx, quota);
        const leased = await leasedBefore(tx, quota, period.starts_on);
        const calls = sliceOf(quota.calls - leased);
        if (calls > 0) await addLeased(tx, quota, { startsOn: period.starts_on, calls });
        return granted(quota, { period, leased, calls });
      }),
    giveBack: (quota, { startsOn, calls }) => tenantTx(db, quota.tenantId, (tx) => addLeased(tx, quota, { startsOn, calls: -calls })),
  };
}

type Period = { starts_on: string; ends_ms: number };

function granted(quota: Quota, { period, leased, calls }: { period: Period; leased: number; calls: number }): Granted {
  return { calls, rest: Math.max(0, quota.calls - leased - calls), startsOn: period.starts_on, endsInMs: period.ends_ms };
}

async function presentPeriod(tx: Tx, quota: Quota): Promise<Period> {
  const step = sql.lit(`1 ${quota.kind}`);
  const { rows } = await sql<Period>`
    SELECT to_char(starts, 'YYYY-MM-DD') AS starts_on,
           (extract(epoch FROM (starts + ${step}::interval) AT TIME ZONE time_zone - at) * 1000)::float8 AS ends_ms
      FROM (SELECT time_zone, at, date_trunc(${quota.kind}, at AT TIME ZONE time_zone) AS starts
              FROM aqueduto.tenant, clock_timestamp() AS at WHERE tenant_id = ${quota.tenantId}) AS period`.execute(tx);
  const [period] = rows;
  if (period === undefined) throw new Error("the quota's tenant is not there");
  return period;
}

async function leasedBefore(tx: Tx, quota: Quota, startsOn: string): Promise<number> {
  await sql`INSERT INTO aqueduto.quota_use (tenant_id, holder, kind, starts_on, leased)
            VALUES (${quota.tenantId}, ${quota.holder}, ${quota.kind}, ${startsOn}::date, 0) ON CONFLICT DO NOTHING`.execute(tx);
  const { rows } = await sql<{ leased: bigint }>`
    SELECT leased FROM aqueduto.quota_use
     WHERE tenant_id = ${quota.tenantId} AND holder = ${quota.holder} AND kind = ${quota.kind} AND starts_on = ${startsOn}::date
       FOR UPDATE`.execute(tx);
  return Number(rows[0]?.leased ?? 0n);
}

async function addLeased(tx: Tx, quota: Quota, { startsOn, calls }: { startsOn: string; calls: number }): Promise<void> {
  await sql`UPDATE aqueduto.quota_use SET leased = leased + ${calls}
             WHERE tenant_id = ${quota.tenantId} AND holder = ${quota.holder} AND kind = ${quota.kind} AND starts_on = ${startsOn}::date`.execute(
    tx,
  );
}
