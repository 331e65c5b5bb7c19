import { AppError } from "../contract/errors.ts";

/**
 * The record was not written and the call must not be answered as if it were (503).
 * limit: the journals of this directory hold `maxBytes`; io: the disk refused (full, failed); closed: the node is ending.
 */
export class JournalFull extends AppError {
  readonly reason: "limit" | "io" | "closed";

  constructor(reason: "limit" | "io" | "closed", cause?: unknown) {
    super("audit-full", undefined, cause === undefined ? {} : { cause });
    this.name = "JournalFull";
    this.reason = reason;
  }
}
