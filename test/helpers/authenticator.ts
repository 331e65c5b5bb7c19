import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** A passkey in software: makes one ES256 credential for a site and answers challenges with it (WebAuthn level 3). */
export function createAuthenticator(origin: string) {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const id = randomBytes(32);
  const rpIdHash = createHash("sha256").update(new URL(origin).hostname).digest();
  let counter = 0;

  const clientData = (type: string, challenge: string, from: string) =>
    Buffer.from(JSON.stringify({ type, challenge, origin: from, crossOrigin: false }));
  const authData = (flags: number) => Buffer.concat([rpIdHash, Buffer.from([flags]), uint32(counter)]);
  const wrapped = (response: Record<string, unknown>) => ({
    id: id.toString("base64url"),
    rawId: id.toString("base64url"),
    type: "public-key" as const,
    response,
    clientExtensionResults: {},
  });

  return {
    /** Sets the signature counter back, as a copied key would. */
    rewind: () => (counter = 0),
    /** The answer of `navigator.credentials.create()`. */
    create(challenge: string, more: { origin?: string; verified?: boolean } = {}) {
      counter += 1;
      const flags = 0x41 | (more.verified === false ? 0 : 0x04);
      const attested = Buffer.concat([Buffer.alloc(16), uint16(id.length), id, coseKey(publicKey.export({ format: "jwk" }))]);
      const attestationObject = cborMap([
        [cborText("fmt"), cborText("none")],
        [cborText("attStmt"), cborMap([])],
        [cborText("authData"), cborBytes(Buffer.concat([authData(flags), attested]))],
      ]);
      return wrapped({
        clientDataJSON: clientData("webauthn.create", challenge, more.origin ?? origin).toString("base64url"),
        attestationObject: attestationObject.toString("base64url"),
        transports: ["internal"],
      });
    },
    /** The answer of `navigator.credentials.get()`. */
    get(challenge: string, more: { origin?: string; verified?: boolean } = {}) {
      counter += 1;
      const data = authData(more.verified === false ? 0x01 : 0x05);
      const client = clientData("webauthn.get", challenge, more.origin ?? origin);
      const signature = sign("sha256", Buffer.concat([data, createHash("sha256").update(client).digest()]), privateKey);
      return wrapped({
        clientDataJSON: client.toString("base64url"),
        authenticatorData: data.toString("base64url"),
        signature: signature.toString("base64url"),
      });
    },
  };
}

/** COSE_Key of an ES256 public key (RFC 9053). */
function coseKey(jwk: { x?: string; y?: string }): Buffer {
  const coordinate = (text = "") => cborBytes(Buffer.from(text, "base64url"));
  return cborMap([
    [cborInt(1), cborInt(2)],
    [cborInt(3), cborInt(-7)],
    [cborInt(-1), cborInt(1)],
    [cborInt(-2), coordinate(jwk.x)],
    [cborInt(-3), coordinate(jwk.y)],
  ]);
}

function cborHead(major: number, length: number): Buffer {
  if (length < 24) return Buffer.from([(major << 5) | length]);
  return length < 256 ? Buffer.from([(major << 5) | 24, length]) : Buffer.concat([Buffer.from([(major << 5) | 25]), uint16(length)]);
}

function cborInt(value: number): Buffer {
  return value >= 0 ? cborHead(0, value) : cborHead(1, -1 - value);
}

function cborText(text: string): Buffer {
  return Buffer.concat([cborHead(3, Buffer.byteLength(text)), Buffer.from(text)]);
}

function cborBytes(bytes: Buffer): Buffer {
  return Buffer.concat([cborHead(2, bytes.length), bytes]);
}

function cborMap(pairs: [Buffer, Buffer][]): Buffer {
  return Buffer.concat([cborHead(5, pairs.length), ...pairs.flat()]);
}

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 255]);
}

function uint32(value: number): Buffer {
  return Buffer.concat([uint16(value >>> 16), uint16(value & 65_535)]);
}
