import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import type { Secret } from "../../platform/secret.ts";
import { loadCatalog } from "../catalog/load-catalog.ts";
import { localDate } from "../connection/local-date.ts";
import { openGsan } from "../connection/open-gsan.ts";
import { allColumns, allOperations } from "./all-operations.ts";
import { buildBaseServer, type AnswerOperation } from "./base-server.ts";
import { startDocumentIndex } from "./document-index.ts";
import { startGsanWatch, type Readiness } from "./gsan-watch.ts";
import { createPageCursor } from "./page-cursor.ts";
import { deadlineIn, readTransaction } from "./read-transaction.ts";
import { commonSurcharges, type SurchargeRule } from "./surcharge.ts";

export type BaseOptions = {
  host: string;
  /** 0 = a free port. */
  port: number;
  /** URL of the GSAN database or of a replica; its role needs SELECT alone. */
  gsanUrl: string;
  /** What the gateway sends as Bearer. */
  credential: Secret;
  /** HMAC key of the header `aqueduto-identity`. */
  identityKey: Buffer;
  log: Log;
  clock: Clock;
  /** Zone of the utility's day, e.g. America/Recife. */
  timeZone: string;
  /** Default: late fee 2 %, interest 1 % a month pro rata die. */
  surcharges?: SurchargeRule;
  /** Connections to the GSAN database; default 10. */
  maxConnections?: number;
};

export type Base = {
  url: string;
  readiness(): Readiness;
  /** Reads clients that are new to the look-up by document now, instead of within a minute. */
  refreshDocuments(): Promise<void>;
  /** Stops listening, ends what is under way and closes the connections. */
  drain(): Promise<void>;
};

/**
 * Starts the commercial-base service over a GSAN database. It starts, not ready, when that database is away: requests
 * get 503 `base-away` at once, and it serves by itself as soon as the database answers.
 */
export async function startBase(options: BaseOptions): Promise<Base> {
  const { log, clock } = options;
  const onIdleError = (): void => log.info("an idle connection to the GSAN base was lost");
  const shared = { url: options.gsanUrl, onIdleError };
  const gsan = openGsan({ ...shared, max: options.maxConnections ?? 10, applicationName: "aqueduto-base" });
  // one connection for the watch, one for the reader of documents; requests cannot take them away
  const side = openGsan({ ...shared, max: 2, applicationName: "aqueduto-base-watch", statementTimeoutMs: 4_000, silenceTimeoutMs: 4_500 });
  const watch = await startGsanWatch({ pool: side.pool, needed: allColumns(), log });
  const documents = startDocumentIndex({ pool: side.pool, log, monotonicMs: () => clock.monotonicMs() });
  const fixed = { surcharges: options.surcharges ?? commonSurcharges, cursor: createPageCursor(options.identityKey), documents };

  const answer: AnswerOperation = (operationId, input, timeoutMs) => {
    const operation = allOperations[operationId];
    if (operation === undefined) throw new TypeError(`the catalogue names an operation that is not here: ${operationId}`);
    const today = localDate(clock.now(), options.timeZone);
    const deadline = deadlineIn(timeoutMs, () => clock.monotonicMs());
    return readTransaction(gsan.pool, deadline, (query) => operation.answer({ ...fixed, query, today }, input));
  };

  const app = buildBaseServer({
    keys: { credential: options.credential, identityKey: options.identityKey },
    operations: loadCatalog(),
    answer,
    readiness: () => watch.readiness(),
    onFailure: (error) => watch.report(error),
    log,
    clock,
  });
  const url = await app.listen({ host: options.host, port: options.port });
  return {
    url,
    readiness: () => watch.readiness(),
    refreshDocuments: () => documents.refresh(),
    async drain() {
      await within(drainMs, app.close());
      app.server.closeAllConnections();
      await within(drainMs, Promise.all([documents.stop(), watch.stop()]));
      await within(drainMs, Promise.all([side.close(), gsan.close()]));
    },
  };
}

/** Each step of the drain; a GSAN server that says nothing must not hold the process. */
const drainMs = 3_000;

async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  const timer = Promise.withResolvers<void>();
  const handle = setTimeout(timer.resolve, limitMs);
  await Promise.race([work, timer.promise]);
  clearTimeout(handle);
}
