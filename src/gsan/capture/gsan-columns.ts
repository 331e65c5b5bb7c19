import type { Queryable } from "../connection/open-gsan.ts";
import { type NeededColumns, probeColumns } from "../connection/probe-columns.ts";

const required: NeededColumns = {
  "arrecadacao.pagamento": ["pgmt_id", "pgmt_vlpagamento"],
  "arrecadacao.pagamento_historico": ["pghi_id", "pghi_vlpagamento"],
};

/** Where the client of a payment may be found; a branch or a right that lacks one shortens the search. */
const optional: NeededColumns = {
  "arrecadacao.pagamento": ["clie_id", "cnta_id", "gpag_id", "imov_id", "avbc_id"],
  "arrecadacao.pagamento_historico": ["clie_id", "cnta_id", "gpag_id", "imov_id", "avbc_id"],
  "cadastro.cliente_conta": ["clie_id", "cnta_id", "crtp_id", "clct_icnomeconta", "clct_id"],
  "cadastro.cliente_conta_historico": ["clie_id", "cnta_id", "crtp_id", "clch_icnomeconta", "clch_id"],
  "faturamento.guia_pagamento": ["gpag_id", "clie_id"],
  "cadastro.cliente_imovel": ["clie_id", "imov_id", "crtp_id", "clim_dtrelacaofim"],
};

/** What this base has of the columns that capture reads. */
export type GsanColumns = {
  has(table: string, column: string): boolean;
  /** Whether every column that capture wants of this table is there. */
  whole(table: string): boolean;
  /** Optional columns that are not there, for the log. */
  absent: string[];
};

/** The base cannot be captured: tables, columns or rights are missing. The names are GSAN's, no data. */
export class GsanUnfitError extends Error {
  constructor(missing: string[]) {
    super(`the GSAN base lacks, or our role may not read: ${missing.join(", ")}`);
    this.name = "GsanUnfitError";
  }
}

/** Looks once per connection at what the base offers: branches of GSAN differ. Throws GsanUnfitError. */
export async function probeGsanColumns(gsan: Queryable): Promise<GsanColumns> {
  const needed = Object.fromEntries(Object.entries(optional).map(([table, columns]) => [table, [...(required[table] ?? []), ...columns]]));
  const probe = await probeColumns(gsan, needed);
  const missing = namesOf(required).filter((name) => probe.missing.includes(name));
  if (missing.length > 0) throw new GsanUnfitError(missing);
  return {
    has: probe.has,
    whole: (table) => (optional[table] ?? []).every((column) => probe.has(table, column)),
    absent: probe.missing,
  };
}

function namesOf(columns: NeededColumns): string[] {
  return Object.entries(columns).flatMap(([table, names]) => names.map((name) => `${table}.${name}`));
}
