import type { GsanColumns } from "./gsan-columns.ts";
import type { GsanLook } from "./gsan-look.ts";
import type { GsanPayment } from "./gsan-payment.ts";

type Source = { table: string; key: (payment: GsanPayment) => string | null; sql: string };

/**
 * Where a payment's client is looked for when the row itself names none, most specific first: the bill's clients (name
 * on the bill, then the user, relation 2), open bills before closed ones; the payment slip; the property's current user.
 */
const sources: Source[] = [
  {
    table: "cadastro.cliente_conta",
    key: (payment) => payment.cntaId,
    sql: `SELECT DISTINCT ON (cnta_id) cnta_id::text AS key, clie_id::text AS client
          FROM cadastro.cliente_conta WHERE cnta_id = ANY ($1::bigint[])
          ORDER BY cnta_id, clct_icnomeconta, abs(crtp_id - 2), clct_id`,
  },
  {
    table: "cadastro.cliente_conta_historico",
    key: (payment) => payment.cntaId,
    sql: `SELECT DISTINCT ON (cnta_id) cnta_id::text AS key, clie_id::text AS client
          FROM cadastro.cliente_conta_historico WHERE cnta_id = ANY ($1::bigint[])
          ORDER BY cnta_id, clch_icnomeconta, abs(crtp_id - 2), clch_id`,
  },
  {
    table: "faturamento.guia_pagamento",
    key: (payment) => payment.gpagId,
    sql: `SELECT gpag_id::text AS key, clie_id::text AS client
          FROM faturamento.guia_pagamento WHERE gpag_id = ANY ($1::bigint[]) AND clie_id IS NOT NULL`,
  },
  {
    table: "cadastro.cliente_imovel",
    key: (payment) => payment.imovId,
    sql: `SELECT imov_id::text AS key, min(clie_id)::text AS client
          FROM cadastro.cliente_imovel
          WHERE imov_id = ANY ($1::bigint[]) AND crtp_id = 2 AND clim_dtrelacaofim IS NULL GROUP BY imov_id`,
  },
];

/** Payment id → `clie_id`, for those whose client is known; one query per source and page, in the caller's look. */
export async function resolveClients(look: GsanLook, columns: GsanColumns, payments: GsanPayment[]): Promise<Map<number, string>> {
  const clients = new Map<number, string>();
  for (const payment of payments) if (payment.clieId !== null) clients.set(payment.id, payment.clieId);
  for (const source of sources) {
    if (!columns.whole(source.table)) continue;
    const open = payments.filter((payment) => !clients.has(payment.id) && source.key(payment) !== null);
    if (open.length > 0) await resolveFrom(look, source, open, clients);
  }
  return clients;
}

async function resolveFrom(look: GsanLook, source: Source, open: GsanPayment[], clients: Map<number, string>): Promise<void> {
  const keys = [...new Set(open.map(source.key))];
  const { rows } = await look.query<{ key: string; client: string }>(source.sql, [keys]);
  const found = new Map(rows.map((row) => [row.key, row.client]));
  for (const payment of open) {
    const client = found.get(source.key(payment) ?? "");
    if (client !== undefined) clients.set(payment.id, client);
  }
}
