import { hash } from "node:crypto";

const members: readonly (readonly [algorithm: "sha256" | "sha512", form: RegExp])[] = [
  ["sha256", /^sha-256=:([A-Za-z0-9+/]{43}=):$/],
  ["sha512", /^sha-512=:([A-Za-z0-9+/]{86}==):$/],
];

/** Whether `Content-Digest` (RFC 9530) holds SHA-256 or SHA-512 of the body, or both, and nothing else. */
export function holdsDigest(header: string, body: Buffer): boolean {
  const items = header.split(/, ?/);
  return items.length <= members.length && items.every((item) => isDigest(item, body));
}

function isDigest(item: string, body: Buffer): boolean {
  for (const [algorithm, form] of members) {
    const given = form.exec(item)?.[1];
    if (given !== undefined) return given === hash(algorithm, body, "base64");
  }
  return false;
}
