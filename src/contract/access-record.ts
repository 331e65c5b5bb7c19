/** Which moment of a call a record tells of. One call has one request id and up to three records. */
export const accessPhases = ["answer", "intent", "completion", "aggregate"] as const;

/**
 * answer: the call was decided, written before the status line goes out. intent: an unsafe method, written before the
 * first byte goes upstream. completion: how a streamed answer ended. aggregate: a minute of refusals of callers that
 * are not recognised, counted by reason and source network.
 */
export type AccessPhase = (typeof accessPhases)[number];

/**
 * One line of the access log, as the gateway gives it to the journal. Every value is an integer or a string; texts are
 * ids, templates and codes, never a path as called, a token, or data of a person. What is personal comes sealed.
 */
export type AccessRecord = {
  /** `aud_` + 26 characters: `newId("aud")`. */
  id: string;
  /** When it happened: ISO 8601, UTC, milliseconds (`Date.toISOString()`). */
  at: string;
  phase: AccessPhase;
  /** Absent when the caller was not recognised; then no other tenant's id may stand here either. */
  tenantId?: string;
  partnerId?: string;
  licenseId?: string;
  licenseVersion?: number;
  clientId?: string;
  accessId?: string;
  tokenId?: string;
  operationId?: string;
  method: string;
  /** The operation's path template; an unknown route has `*`. */
  route: string;
  /** HTTP status of the answer; 0 while there is none (intent). */
  status: number;
  /** Code of the problem, or `ok`. */
  code: string;
  /** The clause of the license, or the rule, that refused. */
  clause?: string;
  requestId: string;
  /** Body bytes sent to the caller. */
  bytes?: number;
  /** Whole milliseconds from the first byte of the request. */
  durationMs?: number;
  /** Caller's address, sealed by the platform's data key: base64. */
  ipSealed?: string;
  /** User agent, sealed by the platform's data key: base64. */
  agentSealed?: string;
  /** Keyed hashes of the persons that the call names (src/audit/subject-hash.ts): hex, by commas, at most 100. */
  subjects?: string;
  /** Calls that an aggregate stands for. */
  count?: number;
  /** Source network of an unrecognised caller, cut to /24 or /56. */
  network?: string;
};

/** Clause of the intent record by which a token was revoked on a node: brought home, it ends the token for all nodes. */
export const nodeRevocationClause = "node-revoked";
