import { createPrivateKey, generateKeyPairSync, hash, type KeyObject, randomBytes, sign, X509Certificate } from "node:crypto";

export type TestCertificate = { cert: string; key: string; sha256: string };

type Wanted = { name: string; from?: Date; to?: Date; issuer?: TestCertificate & { name: string } };

const ed25519 = der(0x30, Buffer.from("06032b6570", "hex"));

/** A certificate for `localhost` with an Ed25519 key: self-signed, and a CA, unless there is an issuer. */
export function makeCertificate({ name, from = daysFromNow(-1), to = daysFromNow(30), issuer }: Wanted): TestCertificate {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const tbs = der(
    0x30,
    Buffer.from("a003020102", "hex"),
    der(0x02, Buffer.from([1]), randomBytes(8)),
    ed25519,
    nameOf(issuer?.name ?? name),
    der(0x30, time(from), time(to)),
    nameOf(name),
    publicKey.export({ format: "der", type: "spki" }),
    der(0xa3, der(0x30, ...extensions(issuer === undefined))),
  );
  const signer: KeyObject = issuer === undefined ? privateKey : createPrivateKey(issuer.key);
  const bytes = der(0x30, tbs, ed25519, der(0x03, Buffer.from([0]), sign(null, tbs, signer)));
  return {
    cert: new X509Certificate(bytes).toString(),
    key: privateKey.export({ format: "pem", type: "pkcs8" }),
    sha256: hash("sha256", bytes, "hex"),
  };
}

function extensions(isAuthority: boolean): Buffer[] {
  const localhost = der(0x04, der(0x30, der(0x82, Buffer.from("localhost"))));
  const subjectAltName = der(0x30, Buffer.from("0603551d11", "hex"), localhost);
  const basicConstraints = der(0x30, Buffer.from("0603551d13", "hex"), der(0x04, der(0x30, Buffer.from("0101ff", "hex"))));
  return isAuthority ? [basicConstraints, subjectAltName] : [subjectAltName];
}

function nameOf(text: string): Buffer {
  return der(0x30, der(0x31, der(0x30, Buffer.from("0603550403", "hex"), der(0x0c, Buffer.from(text)))));
}

function time(at: Date): Buffer {
  return der(0x18, Buffer.from(`${at.toISOString().replace(/[-:T]/g, "").slice(0, 14)}Z`));
}

/** Tag, length, value. */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const size =
    value.length < 128 ? [value.length] : value.length < 256 ? [0x81, value.length] : [0x82, value.length >> 8, value.length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), value]);
}

function daysFromNow(days: number): Date {
  return new Date(Date.now() + days * 86_400_000);
}
