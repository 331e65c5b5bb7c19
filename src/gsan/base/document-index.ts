import { createHmac, randomBytes } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Log } from "../../platform/log.ts";
import type { Queryable } from "../connection/open-gsan.ts";
import { documentOf } from "./document.ts";
import { DocumentTable, type Fingerprint } from "./document-table.ts";

/**
 * Which clients a CPF or CNPJ may belong to. GSAN has no index on documents (a search reads the whole of cliente), so
 * the base keeps its own: keyed digests in memory, under a key that dies with the process. Bounds: read in chunks by
 * primary key; new clients are known within a minute; a changed document within six hours (before that the old one
 * finds nothing, because every candidate is compared with the row itself).
 */
export type DocumentIndex = {
  /** Candidate client ids; undefined while the first reading is still under way. */
  candidates(document: string): number[] | undefined;
};

export type RunningDocumentIndex = DocumentIndex & {
  /** Reads what is new, or everything when it is time; callers wait for the same run. */
  refresh(): Promise<void>;
  stop(): Promise<void>;
};

const chunkRows = 2_000;
const refreshMs = 60_000;
const rebuildMs = 6 * 3_600_000;
const retryMs = 10_000;

const estimateSql = `SELECT greatest(reltuples, 0)::bigint AS clients FROM pg_class WHERE oid = 'cadastro.cliente'::regclass`;
const chunkSql = `
  SELECT clie_id, clie_nncpf, clie_nncnpj FROM cadastro.cliente
  WHERE clie_id > $1 ORDER BY clie_id LIMIT ${chunkRows}`;

type ClientRow = { clie_id: number; clie_nncpf: string | null; clie_nncnpj: string | null };

type Options = { pool: Queryable; log: Log; monotonicMs: () => number };

/** Starts reading in the background and keeps reading; a failure keeps what was read and is tried again. */
export function startDocumentIndex(options: Options): RunningDocumentIndex {
  const key = randomBytes(32);
  const stopping = new AbortController();
  let current: Reading | undefined;
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const read = async (): Promise<void> => {
    const fresh = current !== undefined && options.monotonicMs() - current.startedAtMs < rebuildMs;
    const reading = fresh && current !== undefined ? current : await beginReading(options);
    await readOn(options.pool, { reading, key, stopped: stopping.signal });
    if (!stopping.signal.aborted) current = reading;
  };

  const refresh = (): Promise<void> => {
    running ??= read().finally(() => (running = undefined));
    return running;
  };

  const loop = (): void => {
    refresh().then(
      () => again(refreshMs),
      (error: unknown) => {
        options.log.warn({ reason: error instanceof Error ? error.name : "unknown" }, "the index of documents could not be read");
        again(retryMs);
      },
    );
  };
  const again = (afterMs: number): void => {
    if (!stopping.signal.aborted) timer = setTimeout(loop, afterMs).unref();
  };
  loop();

  return {
    candidates: (document) => current?.table.find(fingerprint(key, document)),
    refresh,
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await running?.catch(() => undefined);
    },
  };
}

type Reading = { table: DocumentTable; lastId: number; startedAtMs: number };

async function beginReading(options: Options): Promise<Reading> {
  const { rows } = await options.pool.query<{ clients: bigint }>(estimateSql);
  const expected = Number(rows[0]?.clients ?? 0n);
  return { table: new DocumentTable(expected), lastId: 0, startedAtMs: options.monotonicMs() };
}

type Pass = { reading: Reading; key: Buffer; stopped: AbortSignal };

/** Reads chunks until there is no more; gives way to requests between chunks. */
async function readOn(pool: Queryable, pass: Pass): Promise<void> {
  while (!pass.stopped.aborted) {
    const { rows } = await pool.query<ClientRow>(chunkSql, [pass.reading.lastId]);
    for (const row of rows) addClient(pass, row);
    if (rows.length < chunkRows) return;
    await nextTurn();
  }
}

function addClient(pass: Pass, row: ClientRow): void {
  for (const document of [documentOf({ ...row, clie_nncnpj: null }), documentOf({ ...row, clie_nncpf: null })]) {
    if (document !== undefined) pass.reading.table.add(fingerprint(pass.key, document), row.clie_id);
  }
  pass.reading.lastId = row.clie_id;
}

function fingerprint(key: Buffer, document: string): Fingerprint {
  const digest = createHmac("sha256", key).update(document).digest();
  return { high: digest.readUInt32BE(0), low: digest.readUInt32BE(4) };
}
