import type { ClientBase, Pool } from "pg";
import type { DemoReverseInput, DemoReverseResult } from "../../../contract/demo-port.ts";
import { AppError } from "../../../contract/errors.ts";
import { centsToDecimal, decimalToCents } from "../money.ts";
import { reopenBills } from "./bill-history.ts";
import { inTransaction } from "./in-transaction.ts";
import { PAY_SERVICE } from "./insert-payments.ts";
import { utilityTime } from "./pay.ts";
import type { UtilityClock } from "./pay.ts";

/** Of the given payment ids, those whose event a receiver has confirmed; main.ts asks the platform's tables. */
export type IsDelivered = (ids: readonly number[]) => Promise<ReadonlySet<number>>;

type Source = { table: string; id: string; value: string };
type Candidate = { id: number; avbc_id: number | null; cnta_id: number | null; cents: number };

const OPEN: Source = { table: "arrecadacao.pagamento", id: "pgmt_id", value: "pgmt_vlpagamento" };
const CLOSED: Source = { table: "arrecadacao.pagamento_historico", id: "pghi_id", value: "pghi_vlpagamento" };
const PAGE_SIZE = 500;
const MOST_REVERSALS = 10_000;

/**
 * Takes back the newest payments that `pay` made, delivered ones only where `isDelivered` is given: DELETE from
 * pagamento while their month is open. When too few are open, closed ones are taken back too, with their bills put
 * back into conta. The notice's computed sum shrinks by each.
 * @throws AppError conflict when there is nothing to take back, invalid-field for a count outside 1..10,000
 */
export async function reverse(
  pool: Pool,
  input: DemoReverseInput,
  more: { clock: UtilityClock; isDelivered?: IsDelivered | undefined },
): Promise<DemoReverseResult> {
  const count = input.count ?? 1;
  if (!Number.isInteger(count) || count < 1 || count > MOST_REVERSALS) {
    throw new AppError("invalid-field", `count is a whole number from 1 to ${MOST_REVERSALS}`, { pointer: "/count" });
  }
  const { timestamp } = utilityTime(more.clock);
  return inTransaction(pool, async (client) => {
    const open = await newest(client, OPEN, { count, isDelivered: more.isDelivered });
    const closed = await newest(client, CLOSED, { count: count - open.length, isDelivered: more.isDelivered });
    const taken = [...open, ...closed];
    if (taken.length === 0) {
      throw new AppError("conflict", "no delivered payment of the demo is left to take back; pay first");
    }
    await remove(client, OPEN, open);
    await remove(client, CLOSED, closed);
    await reopenBills(client, billIds(closed), timestamp);
    await lowerNotices(client, taken, timestamp);
    return {
      reversed: taken.length,
      ids: taken.map(({ id }) => id),
      from_history: closed.length,
      total: centsToDecimal(taken.reduce((sum, { cents }) => sum + cents, 0)),
    };
  });
}

async function newest(
  client: ClientBase,
  source: Source,
  wanted: { count: number; isDelivered: IsDelivered | undefined },
): Promise<Candidate[]> {
  const found: Candidate[] = [];
  let below = 2_147_483_647;
  while (found.length < wanted.count) {
    const page = await candidates(client, source, below);
    const last = page.at(-1);
    if (last === undefined) {
      break;
    }
    const delivered = await wanted.isDelivered?.(page.map(({ id }) => id));
    found.push(...page.filter(({ id }) => delivered === undefined || delivered.has(id)));
    below = last.id;
  }
  return found.slice(0, Math.max(0, wanted.count));
}

async function candidates(client: ClientBase, source: Source, below: number): Promise<Candidate[]> {
  const { table, id: key, value } = source;
  const { rows } = await client.query<{ id: number; avbc_id: number | null; cnta_id: number | null; paid: string }>(
    `SELECT p.${key} AS id, p.avbc_id, p.cnta_id, p.${value}::text AS paid FROM ${table} p
     JOIN arrecadacao.arrecadador_mov_item i ON i.amit_id = p.amit_id
     JOIN arrecadacao.arrecadador_movimento m ON m.armv_id = i.armv_id
     WHERE m.armv_dsidentificacaoservico = $1 AND p.${key} < $2 ORDER BY p.${key} DESC LIMIT $3`,
    [PAY_SERVICE, below, PAGE_SIZE],
  );
  return rows.map(({ id, avbc_id, cnta_id, paid }) => ({ id, avbc_id, cnta_id, cents: decimalToCents(paid) }));
}

async function remove(client: ClientBase, source: Source, taken: readonly Candidate[]): Promise<void> {
  await client.query(`DELETE FROM ${source.table} WHERE ${source.id} = ANY ($1)`, [taken.map(({ id }) => id)]);
}

async function lowerNotices(client: ClientBase, taken: readonly Candidate[], timestamp: string): Promise<void> {
  await client.query(
    `UPDATE arrecadacao.aviso_bancario a SET avbc_tmultimaalteracao = $3,
       avbc_vlarrecadacaocalculado = a.avbc_vlarrecadacaocalculado - t.total
     FROM (SELECT notice, sum(paid) AS total FROM unnest($1::int[], $2::numeric[]) AS u (notice, paid) GROUP BY notice) t
     WHERE a.avbc_id = t.notice`,
    [taken.map(({ avbc_id }) => avbc_id), taken.map(({ cents }) => centsToDecimal(cents)), timestamp],
  );
}

function billIds(taken: readonly Candidate[]): number[] {
  return taken.map(({ cnta_id }) => cnta_id).filter((id) => id !== null);
}
