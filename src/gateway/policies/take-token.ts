import { parseToken } from "../../contract/token-format.ts";
import { tokenDigestText } from "../../platform/token-digest.ts";

/** What step 2 leaves of a credential: its digests. The token itself ends here. */
export type Credential = {
  form: "missing" | "malformed" | "issued" | "own";
  /** One per live pepper, as keys of the snapshot. Of a fixed text when there is no token to look up: the same work for all. */
  digests: string[];
  mode: "live" | "test" | undefined;
};

export type Peppers = { key: Buffer; previous?: { key: Buffer } };

const bearer = /^Bearer ([A-Za-z0-9_-]{43,128})$/i;

/**
 * Reads `Authorization: Bearer` (RFC 6750 2.1) and nothing else. A token is one that we issued (checksum right) or one
 * that a client made: 43 to 128 characters of base64url that do not begin like ours.
 */
export function takeToken(authorization: string | undefined, peppers: Peppers): Credential {
  const token = bearer.exec(authorization ?? "")?.[1];
  const issued = token === undefined ? undefined : parseToken(token);
  const form = formOf(authorization, token, issued !== undefined);
  const text = form === "issued" || form === "own" ? (token ?? "") : "no token";
  const keys = peppers.previous === undefined ? [peppers.key] : [peppers.key, peppers.previous.key];
  return { form, digests: keys.map((key) => tokenDigestText(key, text)), mode: issued?.mode };
}

function formOf(authorization: string | undefined, token: string | undefined, issued: boolean): Credential["form"] {
  if (authorization === undefined || authorization === "") return "missing";
  if (token === undefined) return "malformed";
  if (issued) return "issued";
  return token.toLowerCase().startsWith("aq_") ? "malformed" : "own";
}
