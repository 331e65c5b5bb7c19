import { nestsDeeperThan } from "../../platform/json-nesting.ts";
import { parseExact, type ExactJson } from "../projection/exact-json.ts";
import { Refusal } from "../refusal.ts";

/** Deeper nesting than this is refused before it is parsed. */
export const maxDepth = 32;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A JSON document of a request, its numbers as literals. Refuses other encodings, a byte order mark, and deep nesting. */
export function parseBody(bytes: Buffer): ExactJson {
  const text = decode(bytes);
  if (text === undefined) throw badBody("The body must be JSON in UTF-8 without a byte order mark.");
  if (nestsDeeperThan(text, maxDepth)) throw badBody(`The body nests deeper than ${maxDepth} levels.`);
  try {
    return parseExact(text);
  } catch {
    throw badBody("The body is not valid JSON.");
  }
}

/** UTF-8 text of bytes; undefined when they are none. A byte order mark stays and is no JSON. */
export function decode(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function badBody(detail: string): Refusal {
  return new Refusal("bad-request", { clause: "body", detail, pointer: "/body" });
}
