import { parseJson, type Parsed } from "./parse-json.ts";

/** A number kept as its exact literal text, so that 10.50 or a 20-digit integer leaves as it came. */
export class ExactNumber {
  readonly rawJSON: string;

  constructor(literal: string) {
    this.rawJSON = literal;
  }
}

/** JSON whose numbers are literals. */
export type ExactJson = Parsed<ExactNumber>;

/** Parses JSON and keeps every number's literal. Throws SyntaxError. */
export function parseExact(text: string): ExactJson {
  return parseJson(text, exactNumber);
}

/** The inverse of parseExact but for white space and escapes. */
export function formatExact(value: ExactJson): string {
  if (typeof value === "string") return quote(value);
  if (value === null || typeof value === "boolean") return String(value);
  if (value instanceof ExactNumber) return value.rawJSON;
  if (Array.isArray(value)) return formatArray(value);
  return formatObject(value);
}

function formatArray(items: readonly ExactJson[]): string {
  let text = "[";
  for (let i = 0; i < items.length; i += 1) text += (i === 0 ? "" : ",") + formatExact(items[i] ?? null);
  return `${text}]`;
}

function formatObject(members: { [key: string]: ExactJson }): string {
  let text = "{";
  let comma = "";
  for (const key in members) {
    if (!Object.hasOwn(members, key)) continue;
    text += `${comma}${quote(key)}:${formatExact(members[key] ?? null)}`;
    comma = ",";
  }
  return `${text}}`;
}

// eslint-disable-next-line no-control-regex -- finding what must be escaped is the point
const toEscape = /["\\\u0000-\u001f\ud800-\udfff]/;

function quote(text: string): string {
  return toEscape.test(text) ? JSON.stringify(text) : `"${text}"`;
}

export function exactNumber(literal: string): ExactNumber {
  return new ExactNumber(literal);
}

export function isExactNumber(value: unknown): value is ExactNumber {
  return value instanceof ExactNumber;
}

export function isExactObject(value: ExactJson | undefined): value is { [key: string]: ExactJson } {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);
}
