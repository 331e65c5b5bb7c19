/**
 * A number kept as its exact literal text, so that 10.50 or a 20-digit integer leaves as it came.
 * An interface, because a type alias would count as an object with members of any name.
 */
export interface ExactNumber {
  readonly rawJSON: string;
}

/** JSON whose numbers are literals. */
export type ExactJson = null | boolean | string | ExactNumber | ExactJson[] | { [key: string]: ExactJson };

type SourceReviver = (key: string, value: unknown, context: { source?: string }) => unknown;

type ExactJsonFunctions = {
  parse(text: string, reviver: SourceReviver): ExactJson;
  rawJSON(text: string): ExactNumber;
  isRawJSON(value: unknown): value is ExactNumber;
};

/** The runtime's JSON with source access (ECMA-262 proposal "JSON.parse source text access", in Node >= 24); lib.d.ts has no types for it. */
function withSourceAccess(json: unknown): ExactJsonFunctions {
  return json as ExactJsonFunctions;
}

const exact = withSourceAccess(JSON);

function keepLiteral(_key: string, value: unknown, context: { source?: string }): unknown {
  return typeof value === "number" && context.source !== undefined ? exact.rawJSON(context.source) : value;
}

/** Parses JSON and keeps every number's literal. Throws SyntaxError. */
export function parseExact(text: string): ExactJson {
  return exact.parse(text, keepLiteral);
}

/** The inverse of parseExact but for white space and escapes. */
export function formatExact(value: ExactJson): string {
  return JSON.stringify(value);
}

export function exactNumber(literal: string): ExactNumber {
  return exact.rawJSON(literal);
}

export function isExactNumber(value: unknown): value is ExactNumber {
  return exact.isRawJSON(value);
}

export function isExactObject(value: ExactJson | undefined): value is { [key: string]: ExactJson } {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isExactNumber(value);
}
