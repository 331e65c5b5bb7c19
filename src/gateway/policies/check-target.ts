import { decodeText } from "../validation/parse-query.ts";
import { Refusal } from "../refusal.ts";

const maxTargetLength = 4096;
/** Visible ASCII but `\`, `;`, `#` and quotes of HTML: whatever two readers of a URL might cut differently. */
const plainTarget = /^\/[A-Za-z0-9\-._~!$&'()*+,=:@%/?[\]|]*$/;
/** `/`, `\`, `.`, `;`, `%`, and control characters, escaped: one decoding more or less would make another path of it. */
const hiddenInPath = /%(2f|5c|2e|3b|25|[01][0-9a-f]|7f)/i;
const brokenEscape = /%(?![0-9a-f]{2})/i;
const tokenText = /aq_(live|test)_/i;
const tokenParameters = new Set(["token", "access_token", "api_key", "apikey", "api-key", "key", "authorization"]);

/**
 * Step 1, the target: origin form alone (RFC 9112 3.2.1), one spelling per path, and no token in it. A refused target
 * is not kept anywhere.
 */
export function checkTarget(target: string): { path: string; query: string } {
  refuseToken(target);
  if (!target.startsWith("/")) throw bad("target-form", "The request target must be a path.");
  if (target.length > maxTargetLength) throw bad("target-length", "The request target is too long.");
  if (!plainTarget.test(target) || brokenEscape.test(target))
    throw bad("target-characters", "The request target has characters that are not allowed.");
  const cut = target.indexOf("?");
  const path = cut < 0 ? target : target.slice(0, cut);
  checkPath(path);
  return { path, query: cut < 0 ? "" : target.slice(cut + 1) };
}

function checkPath(path: string): void {
  if (hiddenInPath.test(path) || decodeText(path) === undefined) throw bad("target-escapes", "The path has escapes that are not allowed.");
  const segments = path.slice(1).split("/");
  const odd = segments.some((segment, index) => segment === "." || segment === ".." || (segment === "" && index < segments.length - 1));
  if (odd) throw bad("target-segments", "The path has an empty segment or a dot segment.");
}

/** A token in a URL ends up in logs, histories and referrers of others (OWASP ASVS 14.2.1): it is refused even where it would not be read. */
function refuseToken(target: string): void {
  const decoded = decodeLoosely(target);
  const names = decoded
    .slice(decoded.indexOf("?") + 1)
    .split("&")
    .map((part) => part.split("=")[0]?.toLowerCase() ?? "");
  const inQuery = decoded.includes("?") && names.some((name) => tokenParameters.has(name));
  if (inQuery || tokenText.test(decoded))
    throw bad("token-in-url", "A token must not stand in the URL. Send it as `Authorization: Bearer`, and replace this one.");
}

function decodeLoosely(target: string): string {
  let text = target;
  for (let round = 0; round < 2; round += 1)
    text = text.replaceAll(/%([0-9a-f]{2})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return text;
}

function bad(clause: string, detail: string): Refusal {
  return new Refusal("bad-request", { clause, detail });
}
