import { sql } from "kysely";
import type { Tx } from "../db/database.ts";
import type { PolicySink } from "./policy-keeper.ts";
import type { AccessPage, TokenPage } from "./policy/policy-rows.ts";

/** Ended tokens stay recognisable for so many days, so that the audit can say whose old token still calls. */
const endedTokenDays = 90;
/** As policy/read-factors.ts reads it. */
export const accessFactors = sql<string>`CASE WHEN certificate_sha256 IS NULL AND signature_key IS NULL THEN ''
              ELSE concat(encode(certificate_sha256, 'hex'), ' ', encode(signature_key, 'hex')) END`;

/** Rows of a page: two milliseconds to take in. */
const pageRows = 1_000;

/**
 * All accesses and then all tokens of every tenant, page by page in the order of their ids, column by column: a million
 * rows as objects would cost several times what the tables themselves do. Cells of a column are joined by line breaks,
 * which ids, networks and origins do not hold.
 */
export async function readPolicyPages(tx: Tx, sink: PolicySink): Promise<void> {
  await preferIndex(tx);
  sink.reserve(await expected(tx));
  const { rows: tenants } = await sql<{ tenant_id: string }>`SELECT tenant_id FROM aqueduto.tenant ORDER BY tenant_id`.execute(tx);
  for (const { tenant_id } of tenants) {
    await pages(
      (after) => accessPage(tx, tenant_id, after),
      (page) => page.accessIds,
      (page) => sink.addAccesses(page),
    );
    await pages(
      (after) => tokenPage(tx, tenant_id, after),
      (page) => page.tokenIds,
      (page) => sink.addTokens(page),
    );
  }
}

/** Row security makes the planner expect few rows of many: it would sort them, or start workers, for each page. */
async function preferIndex(tx: Tx): Promise<void> {
  await sql`SELECT set_config('max_parallel_workers_per_gather', '0', true), set_config('enable_seqscan', 'off', true),
                   set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true)`.execute(tx);
}

/** What the store's statistics say: good enough to spare growth, and free. */
async function expected(tx: Tx): Promise<{ accesses: number; tokens: number }> {
  const { rows } = await sql<{ accesses: number; tokens: number }>`
    SELECT (SELECT greatest(reltuples, 0)::float8 FROM pg_class WHERE oid = 'aqueduto.access'::regclass) AS accesses,
           (SELECT greatest(reltuples, 0)::float8 FROM pg_class WHERE oid = 'aqueduto.token'::regclass) AS tokens`.execute(tx);
  return rows[0] ?? { accesses: 0, tokens: 0 };
}

async function pages<T>(
  read: (after: string) => Promise<T | undefined>,
  idsOf: (page: T) => readonly string[],
  take: (page: T) => void,
): Promise<void> {
  let after = "";
  for (;;) {
    const page = await read(after);
    if (page === undefined) return;
    take(page);
    after = idsOf(page).at(-1) ?? "";
  }
}

type AccessCells = Record<"access_ids" | "client_ids" | "license_ids" | "cidrs" | "origins" | "factors" | "expiries", string> & Letters;
type TokenCells = Record<"token_ids" | "access_ids" | "expiries" | "retiring", string> & { digests: Buffer; states: string };
type Letters = Record<"states" | "kinds" | "modes", string>;

async function accessPage(tx: Tx, tenantId: string, after: string): Promise<AccessPage | undefined> {
  const { rows } = await sql<AccessCells>`
    SELECT string_agg(access_id, chr(10)) AS access_ids, string_agg(client_id, chr(10)) AS client_ids,
           string_agg(license_id, chr(10)) AS license_ids, string_agg(left(state, 1), '') AS states,
           string_agg(left(kind, 1), '') AS kinds, string_agg(left(mode, 1), '') AS modes,
           string_agg(array_to_string(cidrs, ','), chr(10)) AS cidrs, string_agg(array_to_string(origins, ','), chr(10)) AS origins,
           string_agg(${accessFactors}, chr(10)) AS factors, string_agg(${milliseconds("expires_at")}, chr(10)) AS expiries
      FROM (SELECT * FROM aqueduto.access WHERE tenant_id = ${tenantId} AND access_id > ${after}
             ORDER BY access_id LIMIT ${sql.lit(pageRows)}) page HAVING count(*) > 0`.execute(tx);
  const [cells] = rows;
  if (cells === undefined) return undefined;
  const { states, kinds, modes } = cells;
  return {
    tenantId,
    accessIds: lines(cells.access_ids),
    clientIds: lines(cells.client_ids),
    licenseIds: lines(cells.license_ids),
    states,
    kinds,
    modes,
    cidrs: lines(cells.cidrs),
    origins: lines(cells.origins),
    factors: lines(cells.factors),
    expiries: lines(cells.expiries),
  };
}

async function tokenPage(tx: Tx, tenantId: string, after: string): Promise<TokenPage | undefined> {
  const { rows } = await sql<TokenCells>`
    SELECT string_agg(token_id, chr(10)) AS token_ids, string_agg(access_id, chr(10)) AS access_ids, string_agg(digest, '') AS digests,
           string_agg(left(state, 1), '') AS states, string_agg(${milliseconds("expires_at")}, chr(10)) AS expiries,
           string_agg(${milliseconds("retiring_until")}, chr(10)) AS retiring
      FROM (SELECT * FROM aqueduto.token WHERE tenant_id = ${tenantId} AND token_id > ${after}
               AND (state <> 'ended' OR ended_at > now() - make_interval(days => ${endedTokenDays}))
             ORDER BY token_id LIMIT ${sql.lit(pageRows)}) page HAVING count(*) > 0`.execute(tx);
  const [cells] = rows;
  if (cells === undefined) return undefined;
  const { digests, states } = cells;
  return {
    tenantId,
    tokenIds: lines(cells.token_ids),
    accessIds: lines(cells.access_ids),
    digests,
    states,
    expiries: lines(cells.expiries),
    retiring: lines(cells.retiring),
  };
}

function milliseconds(column: string) {
  return sql`coalesce(floor(extract(epoch FROM ${sql.ref(column)}) * 1000)::text, '')`;
}

function lines(cell: string): string[] {
  return cell.split("\n");
}
