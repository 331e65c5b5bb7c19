import type { ErrorCode } from "../contract/errors.ts";

/** Why and how a call was refused. `clause` goes to the audit; it stands in the answer only with `showClause`. */
export type RefusalMore = {
  /** Rule or clause that refused, for the audit, e.g. `license-ended`. */
  clause: string;
  /** What the caller can do; never holds data of a person. Absent: the fixed text of the code. */
  detail?: string;
  /** JSON pointer of the faulty input, beginning with /params, /query or /body. */
  pointer?: string;
  /** The clause may be told: only for what the license already grants (limit, validity, origin, address). */
  showClause?: boolean;
  retryAfterSeconds?: number;
  /** The connection ends with the answer: what follows on it cannot be trusted. */
  close?: boolean;
};

/** Ends a call at the step that throws it; the pipeline turns it into the uniform answer. */
export class Refusal extends Error {
  readonly code: ErrorCode;
  readonly more: RefusalMore;

  constructor(code: ErrorCode, more: RefusalMore) {
    super(`${code}: ${more.clause}`);
    this.name = "Refusal";
    this.code = code;
    this.more = more;
  }
}
