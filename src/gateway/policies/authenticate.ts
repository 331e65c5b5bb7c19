import type { Call } from "../call.ts";
import type { AccessPolicy, Snapshot, TokenPolicy } from "../policy/snapshot.ts";
import { Refusal } from "../refusal.ts";
import type { Credential } from "./take-token.ts";

/**
 * Step 3: digest -> token -> access, client, license, partner. Every reason to refuse gives the same 401; the reason goes
 * to the audit. Expiries are read by the clock of the call, so they bite in a frozen snapshot too.
 */
export function authenticate(call: Call, credential: Credential, snapshot: Snapshot): TokenPolicy {
  const token = find(call, credential, snapshot);
  if (token === undefined)
    throw unauthorized(credential.form === "issued" || credential.form === "own" ? "token-unknown" : `token-${credential.form}`);
  call.seen.token = token;
  const clause = tokenFault(token, credential, call.at.getTime()) ?? accessFault(token.access, call.at.getTime());
  if (clause !== undefined) throw unauthorized(clause);
  call.seen.authenticated = true;
  return token;
}

function find(call: Call, credential: Credential, snapshot: Snapshot): TokenPolicy | undefined {
  const [underLive, underOld] = credential.digests.map((digest) => snapshot.tokens.get(digest));
  if (credential.form !== "issued" && credential.form !== "own") return undefined;
  if (underLive === undefined && underOld !== undefined) call.seen.oldPepper = true;
  return underLive ?? underOld;
}

function tokenFault(token: TokenPolicy, credential: Credential, nowMs: number): string | undefined {
  if (token.state === "ended") return "token-ended";
  if (token.switchedOff) return "token-switched-off";
  if (nowMs >= token.expiresAtMs) return "token-expired";
  if (token.state === "retiring" && nowMs >= token.retiringUntilMs) return "token-retired";
  if (credential.mode !== undefined && credential.mode !== token.access.mode) return "token-mode";
  // a value that a client made itself is no key to keep in code that others can read
  return credential.form === "own" && token.access.kind === "publishable" ? "token-own-publishable" : undefined;
}

function accessFault(access: AccessPolicy, nowMs: number): string | undefined {
  for (const [holder, state] of Object.entries(access.states)) if (state !== "active") return `${holder}-${state}`;
  return nowMs >= access.expiresAtMs ? "access-expired" : undefined;
}

function unauthorized(clause: string): Refusal {
  return new Refusal("unauthorized", { clause });
}
