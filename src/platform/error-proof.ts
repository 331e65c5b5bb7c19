import { hkdfSync, timingSafeEqual } from "node:crypto";
import { createKeyedHash } from "./keyed-hash.ts";

/** What a problem document of the gateway states. The instant stands in the request id. */
export type StatedError = { requestId: string; status: number; code: string; clause?: string | undefined };

export type ErrorProofs = {
  /** 22 characters of base64url: 128 bits of HMAC-SHA-256. */
  of(error: StatedError): string;
  holds(error: StatedError, proof: string): boolean;
};

const proofLength = 22;

/** Proofs under a key of their own, derived from one that is not rotated: errors of before can still be checked. */
export function createErrorProofs(secret: Buffer): ErrorProofs {
  const keyed = createKeyedHash(Buffer.from(hkdfSync("sha256", secret, "", "aqueduto error proof 1", 32)));
  const of = ({ requestId, status, code, clause }: StatedError): string =>
    keyed.text(`${requestId}\n${status}\n${code}\n${clause ?? ""}`, "base64url").slice(0, proofLength);
  return {
    of,
    holds(error, proof) {
      // a line feed would let one text stand for two errors
      if ([error.requestId, error.code, error.clause ?? ""].some((part) => part.includes("\n"))) return false;
      const [given, expected] = [Buffer.from(proof), Buffer.from(of(error))];
      return given.length === expected.length && timingSafeEqual(given, expected);
    },
  };
}
