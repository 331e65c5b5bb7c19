import { createPublicKey, type KeyObject } from "node:crypto";

export type Factors = { certificate: string | undefined; signatureKey: KeyObject | undefined };

/** What the loader writes of an access's stored second factors: certificate digest and Ed25519 key, hex, a space between. */
export function readFactors(text: string): Factors {
  const [certificate = "", key = ""] = text.split(" ");
  return {
    certificate: certificate === "" ? undefined : certificate,
    signatureKey: key === "" ? undefined : ed25519Key(Buffer.from(key, "hex")),
  };
}

function ed25519Key(raw: Buffer): KeyObject {
  return createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") } });
}
