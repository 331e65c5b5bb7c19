import type { Call } from "../call.ts";
import type { Snapshot, TokenPolicy } from "../policy/snapshot.ts";
import { Refusal } from "../refusal.ts";
import type { RevokedHere } from "../revocation/revoked-here.ts";
import { authenticate } from "./authenticate.ts";
import { checkValidity } from "./check-validity.ts";
import type { Credential } from "./take-token.ts";

/** Refuses a token that was revoked on this node, like any that has ended. */
export function checkNotRevokedHere(call: Call, token: TokenPolicy, revokedHere: RevokedHere): void {
  if (!revokedHere.has(token.tokenId)) return;
  forgetCaller(call);
  throw new Refusal("unauthorized", { clause: "token-revoked-here" });
}

/** What a call was let in with. */
export type Admission = { policy: Snapshot; mark: number; credential: Credential };

/**
 * A call under way whose access was taken away meanwhile goes no further: nothing is sent up for it, and of an answer that
 * has come nothing goes out. Looked at before the first byte goes up and before the answer is given. Costs two
 * comparisons while no policy has changed.
 */
export function checkStillValid(call: Call, begun: Admission, parts: { policy(): Snapshot; revokedHere: RevokedHere }): void {
  const policy = parts.policy();
  if (policy === begun.policy && parts.revokedHere.mark() === begun.mark) return;
  const { corsOrigin, variesByOrigin } = call.seen;
  forgetCaller(call);
  const token = authenticate(call, begun.credential, policy);
  checkNotRevokedHere(call, token, parts.revokedHere);
  Object.assign(call.seen, corsOrigin === undefined ? {} : { corsOrigin }, variesByOrigin === undefined ? {} : { variesByOrigin });
  checkValidity(token.access.license, call.at.getTime());
}

/** So that the 401 is the one that everybody gets: no meter, no origin. */
function forgetCaller(call: Call): void {
  call.seen.authenticated = false;
  delete call.seen.corsOrigin;
  delete call.seen.variesByOrigin;
}
