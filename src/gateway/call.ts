import type { BodyRead } from "./http/read-body.ts";
import type { TakenHeaders } from "./http/read-headers.ts";
import type { Verdict } from "./limits/gcra.ts";
import type { OperationPolicy, TokenPolicy } from "./policy/snapshot.ts";

/** One call on its way through the pipeline. It never holds the token, nor anything that leads to it. */
export type Call = {
  /** Ours; a client's own is not taken over. */
  readonly requestId: string;
  /** Id of the call's audit record. */
  readonly entryId: string;
  readonly at: Date;
  readonly startedMs: number;
  readonly method: string;
  /** Raw path and query; empty until the target has been checked, so that a refused target goes nowhere. */
  path: string;
  query: string;
  readonly address: string;
  /** SHA-256 of the verified client certificate, hex. */
  readonly certificate: string | undefined;
  readonly headers: TakenHeaders;
  readonly hasBody: boolean;
  /** Replaced by a step that has to see the body first. */
  readBody: (limitBytes: number) => Promise<BodyRead>;
  /** What became known on the way, for the answer's headers and the audit. */
  readonly seen: Seen;
};

export type Seen = {
  /** The recognised token, valid or not. */
  token?: TokenPolicy;
  /** The token stands under the pepper before. */
  oldPepper?: true;
  /** True once the token was found valid. */
  authenticated?: boolean;
  /** The operation that the path names, licensed or not. */
  operation?: OperationPolicy;
  meter?: Verdict;
  /** Keyed hashes of the persons that request and answer name, hex; never the values. */
  subjects?: Set<string>;
  /** The same persons in clear, for this call's time alone: goes nowhere. */
  named?: Set<string>;
  /** Origin that may read the answer in a browser. */
  corsOrigin?: string;
  /** The access is bound to web origins. */
  variesByOrigin?: true;
};
