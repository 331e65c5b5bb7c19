import { createHash, timingSafeEqual } from "node:crypto";
import type { Secret } from "../../platform/secret.ts";
import { verifyClaims, type Claims } from "../../platform/signed-claims.ts";

export type GatewayKeys = { credential: Secret; identityKey: Buffer };

/** What the gateway presents: `Authorization: Bearer <service credential>` and `aqueduto-identity: <signed claims>`. */
export type Presented = { authorization: string | undefined; identity: string | string[] | undefined };

/** The gateway signs for 30 s; more than this ahead was not signed by it (or its clock is off). */
const maxAheadSeconds = 90;

/**
 * The claims of the gateway, or undefined. Both proofs are always worked out, so the answer takes the same time
 * whichever of them is wrong. `operation` must be the one asked: claims of one call open no other operation.
 */
export function authenticate(keys: GatewayKeys, presented: Presented, nowSeconds: number): Claims | undefined {
  const credential = sameText(presented.authorization ?? "", `Bearer ${keys.credential.reveal()}`);
  const identity = typeof presented.identity === "string" ? presented.identity : "";
  const claims = verifyClaims(keys.identityKey, identity, nowSeconds);
  if (!credential || claims === undefined) return undefined;
  return claims.exp <= nowSeconds + maxAheadSeconds ? claims : undefined;
}

function sameText(left: string, right: string): boolean {
  return timingSafeEqual(sha256(left), sha256(right));
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
