import { errorTable } from "../contract/errors.ts";
import type { ErrorProofs } from "../platform/error-proof.ts";
import type { Log } from "../platform/log.ts";
import { goodAnswer, preflightAnswer, refusalAnswer } from "./answer.ts";
import type { AuditTrail } from "./audit/audit-trail.ts";
import type { Outcome } from "./audit/call-record.ts";
import type { Call } from "./call.ts";
import type { Outbound } from "./http/transport.ts";
import type { BucketStore } from "./limits/bucket-store.ts";
import { limitHeaders } from "./limits/limit-headers.ts";
import type { QuotaSlices } from "./limits/quota-slices.ts";
import { bucketKey } from "./policies/take-from-limit.ts";
import { Refusal } from "./refusal.ts";

/** A good end of the way: the answer's status and body, or leave for a preflight. */
export type Served = { status: number; body: Buffer | undefined; preflight?: { origin: string; method: string } };

export type Settled = { answer: Outbound; outcome: Outcome };

type SettleWith = { audit: AuditTrail; buckets: BucketStore; quotas: QuotaSlices; proofs?: Pick<ErrorProofs, "of">; log: Log };

/** Step 9: turns the end of the way, good or not, into the answer, after its record is kept. Never rejects. */
export async function settleCall(call: Call, work: Promise<Served>, parts: SettleWith): Promise<Settled> {
  try {
    return await serveAnswer(call, await work, parts);
  } catch (error) {
    return refuseCall(call, refusalOf(error, call, parts.log), parts);
  }
}

async function serveAnswer(call: Call, served: Served, parts: SettleWith): Promise<Settled> {
  const outcome: Outcome = { status: served.status, code: "ok", bytes: served.body?.length ?? 0 };
  const entryId = await parts.audit.answered(call, outcome);
  const answer = served.preflight
    ? preflightAnswer(call, { ...served.preflight, entryId })
    : goodAnswer(call, { ...served, entryId, meter: meterOf(call, parts) });
  return { answer, outcome };
}

async function refuseCall(call: Call, refusal: Refusal, parts: SettleWith): Promise<Settled> {
  const answerWith = (entryId: string): Outbound =>
    refusalAnswer(call, refusal, { entryId, meter: meterOf(call, parts), proofs: parts.proofs });
  const answer = answerWith(call.entryId);
  const outcome: Outcome = { status: answer.status, code: refusal.code, clause: refusal.more.clause, bytes: answer.body?.length ?? 0 };
  reportFailure(parts.log, call, outcome);
  // the one answer without a record: the one that says there can be none
  if (refusal.code === "audit-full") return { answer, outcome };
  try {
    const entryId = await parts.audit.answered(call, outcome);
    return { answer: entryId === call.entryId ? answer : answerWith(entryId), outcome };
  } catch (error) {
    const full = refusalOf(error, call, parts.log);
    return { answer: refusalAnswer(call, full, { entryId: call.entryId, meter: undefined, proofs: parts.proofs }), outcome };
  }
}

/** Headers of every authenticated answer: what the call left of its limits, or, where it took nothing, what they hold. */
function meterOf(call: Call, { buckets, quotas }: SettleWith): string[] | undefined {
  const { token, authenticated, meter } = call.seen;
  if (token === undefined || authenticated !== true) return undefined;
  const verdict = meter ?? buckets.view(bucketKey(token.access), token.access.license.limit, Math.floor(call.startedMs * 1000));
  return limitHeaders(token.access, verdict, quotas);
}

function refusalOf(error: unknown, call: Call, log: Log): Refusal {
  if (error instanceof Refusal) return error;
  // the message of an unexpected error may quote data of the call, so only its kind and place are logged
  const at =
    error instanceof Error
      ? error.stack
          ?.split("\n")
          .find((line) => line.trimStart().startsWith("at "))
          ?.trim()
      : undefined;
  log.error(
    { requestId: call.requestId, route: call.seen.operation?.path, error: error instanceof Error ? error.name : typeof error, at },
    "unexpected failure",
  );
  return new Refusal("internal", { clause: "internal" });
}

function reportFailure(log: Log, call: Call, outcome: Outcome): void {
  if (outcome.status < errorTable.internal.status) return;
  log.warn(
    {
      requestId: call.requestId,
      route: call.seen.operation?.path ?? "*",
      status: outcome.status,
      code: outcome.code,
      clause: outcome.clause,
    },
    "call failed",
  );
}
