import { manySubjects, mostSubjects, type Subject, type SubjectHasher } from "../../audit/subject-hash.ts";
import { type AccessRecord, nodeRevocationClause } from "../../contract/access-record.ts";
import type { Clock } from "../../platform/clock.ts";
import { newId } from "../../platform/ids.ts";
import type { Log } from "../../platform/log.ts";
import type { SealKeys } from "../../platform/seal.ts";
import type { Call } from "../call.ts";
import { sourceNetwork } from "../policy/addresses.ts";
import { Refusal } from "../refusal.ts";
import { callRecord, type Outcome } from "./call-record.ts";
import { createRefusalSampler } from "./refusal-sampler.ts";

/** Where records go: resolves when the record is kept, rejects when it cannot be. */
export type RecordSink = { append(record: AccessRecord, sync?: "answer"): Promise<void> };

/** Step 9. No status line without its record: what cannot be recorded is refused with 503. */
export type AuditTrail = {
  /** The call is about these persons: its record names them by keyed hash. */
  names(call: Call, subjects: readonly Subject[]): void;
  /** Before the status line. Resolves with the id of the record; rejects with Refusal `audit-full`. */
  answered(call: Call, outcome: Outcome): Promise<string>;
  /** Before the first byte goes upstream, for unsafe methods, and for all while the journal has not yet taken a record again. */
  intends(call: Call): Promise<void>;
  /** The call ends its own token: resolves when that is on disk, whatever else the journal waits for. */
  revokes(call: Call, route: string): Promise<void>;
  /** The answer did not reach the caller whole. */
  aborted(call: Call, outcome: Outcome): Promise<void>;
  /** Writes the aggregates of minutes that are over. Those that the journal refuses stay for the next time. */
  flush(all?: boolean): Promise<void>;
};

const safeMethods = new Set(["GET", "HEAD"]);

export function createAuditTrail(options: {
  journal: RecordSink;
  keys: Pick<SealKeys, "data">;
  hashSubject: SubjectHasher;
  clock: Clock;
  log: Log;
}): AuditTrail {
  const { journal, keys, clock, log } = options;
  const sampler = createRefusalSampler();
  let refusing = false;

  async function keep(record: AccessRecord, sync?: "answer"): Promise<void> {
    try {
      await journal.append(record, sync);
      refusing = false;
    } catch (error) {
      if (!refusing) log.error({ err: error }, "the audit journal refuses records; calls are answered 503");
      refusing = true;
      throw new Refusal("audit-full", { clause: "audit-full", detail: "Nothing is answered without its audit record. Try again later." });
    }
  }

  function record(call: Call, id: string, phase: AccessRecord["phase"], outcome: Outcome): AccessRecord {
    return callRecord(call, id, phase, { outcome, endedMs: clock.monotonicMs(), dataKey: keys.data });
  }

  return {
    names: (call, subjects) => nameSubjects(call, subjects, options.hashSubject),
    async answered(call, outcome) {
      if (call.seen.token === undefined) {
        const { status, code, clause = code } = outcome;
        const admitted = sampler.admit({ network: sourceNetwork(call.address), method: call.method, status, code, clause }, clock.now());
        if (!admitted.own) return admitted.entryId;
      }
      await keep(record(call, call.entryId, "answer", outcome));
      return call.entryId;
    },
    async intends(call) {
      if (safeMethods.has(call.method) && !refusing) return;
      await keep(record(call, newId("aud"), "intent", { status: 0, code: "ok" }));
    },
    async revokes(call, route) {
      const outcome = { status: 0, code: "ok", clause: nodeRevocationClause };
      await keep({ ...record(call, newId("aud"), "intent", outcome), route }, "answer");
    },
    async aborted(call, outcome) {
      if (call.seen.token === undefined) return;
      await keep(record(call, newId("aud"), "completion", { ...outcome, clause: "aborted" }));
    },
    async flush(all = false) {
      const due = sampler.due(clock.now(), all);
      try {
        while (due[0] !== undefined) {
          await keep(due[0]);
          due.shift();
        }
      } finally {
        sampler.putBack(due);
      }
    },
  };
}

/** Notes whom a call was about, as keyed hashes; past the bound one mark stands for all others. */
function nameSubjects(call: Call, subjects: readonly Subject[], hashSubject: SubjectHasher): void {
  const tenantId = call.seen.token?.access.license.tenantId;
  if (tenantId === undefined || subjects.length === 0) return;
  const seen = (call.seen.subjects ??= new Set());
  const named = (call.seen.named ??= new Set());
  const of = { tenantId, at: call.at };
  for (const subject of subjects) {
    if (seen.size >= mostSubjects) return;
    // the object asked is most often the object answered
    const plain = `${subject.kind} ${subject.value}`;
    if (named.has(plain)) continue;
    named.add(plain);
    const name = seen.size < mostSubjects - 1 ? subject : manySubjects;
    seen.add(hashSubject(of, name));
  }
}
