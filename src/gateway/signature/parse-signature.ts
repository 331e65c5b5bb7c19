/** A request signature (RFC 9421) as its two headers say it; nothing is checked yet. */
export type SignatureClaim = {
  components: readonly string[];
  /** The member's value as it stands, which is its own serialisation: the last line of what was signed. */
  params: string;
  created: number | undefined;
  expires: number | undefined;
  keyid: string | undefined;
  alg: string | undefined;
  signature: Buffer;
};

type Params = Pick<SignatureClaim, "created" | "expires" | "keyid" | "alg">;

const inputForm =
  /^([a-z*][a-z0-9_.*-]{0,63})=(\(((?:"[a-z@][a-z0-9-]*"(?: "[a-z@][a-z0-9-]*")*)?)\)((?:;[a-z]+=(?:[0-9]{1,15}|"[ -!#-[\]-~]*"))*))$/;
const signatureForm = /^([a-z*][a-z0-9_.*-]{0,63})=:((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?):$/;
const paramForm = /;([a-z]+)=(?:([0-9]+)|"([^"]*)")/g;
const times = new Set(["created", "expires"]);
const texts = new Set(["keyid", "alg", "nonce", "tag"]);

/**
 * Reads one signature in the canonical spelling of structured fields (RFC 9651): single spaces, no parameters on
 * components, no escapes. Undefined for anything else, for two signatures, and for a component or parameter named twice.
 */
export function parseSignature(input: string, signature: string): SignatureClaim | undefined {
  const named = inputForm.exec(input);
  const signed = signatureForm.exec(signature);
  if (named === null || signed === null || named[1] !== signed[1]) return undefined;
  const [, , params = "", list = "", tail = ""] = named;
  const components = list === "" ? [] : list.split(" ").map((quoted) => quoted.slice(1, -1));
  const read = readParams(tail);
  if (read === undefined || new Set(components).size !== components.length) return undefined;
  const bytes = Buffer.from(signed[2] ?? "", "base64");
  // the same bytes in a second spelling would pass for a second signature
  if (bytes.toString("base64") !== signed[2]) return undefined;
  return { components, params, ...read, signature: bytes };
}

function readParams(tail: string): Params | undefined {
  const read: Params = { created: undefined, expires: undefined, keyid: undefined, alg: undefined };
  const seen = new Set<string>();
  for (const [, name = "", digits, text] of tail.matchAll(paramForm)) {
    if (seen.has(name) || !(digits === undefined ? texts : times).has(name)) return undefined;
    seen.add(name);
    if (name === "created" || name === "expires") read[name] = Number(digits);
    if (name === "keyid" || name === "alg") read[name] = text;
  }
  return read;
}
