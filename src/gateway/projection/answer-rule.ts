import { isExactNumber, isExactObject, type ExactJson, type ExactNumber } from "./exact-json.ts";
import { isRecord } from "./json-schema.ts";

/**
 * "The object asked is the object answered": what the answer holds at `field` must equal what the request asked with, a
 * parameter or (pointer) a member of its body. Holds when the request did not send that value.
 */
export type AnswerRule = { field: string } & ({ parameter: string } | { body: string });

/** Reads `x-answers` at the root of a response schema; undefined when it states none or none that can be read. */
export function answerRule(responseSchema: unknown): AnswerRule | undefined {
  const mark = isRecord(responseSchema) ? responseSchema["x-answers"] : undefined;
  const { parameter, body, field } = isRecord(mark) ? mark : {};
  if (typeof field !== "string") return undefined;
  if (typeof parameter === "string") return { parameter, field };
  return typeof body === "string" ? { body, field } : undefined;
}

/** True when every value at `field` (a JSON pointer; `*` = each list item) is the one asked for. A missing field does not hold. */
export function answerHolds(answer: ExactJson, field: string, asked: string): boolean {
  return holdsAt(answer, pointerSteps(field), asked);
}

/**
 * The scalar at a pointer as text, an integer in its one spelling (JSON lets 7, 7.0 and 7e0 be the same); undefined when
 * there is none. A literal with more digits than a double keeps stays as it is: 6.99999999999999999 is not 7.
 */
export function scalarAt(value: ExactJson | undefined, pointer: string): string | undefined {
  let at = value;
  for (const step of pointerSteps(pointer)) at = isExactObject(at) && Object.hasOwn(at, step) ? at[step] : undefined;
  if (isExactNumber(at)) return isExactInteger(at.rawJSON) ? String(Number(at.rawJSON)) : at.rawJSON;
  return typeof at === "string" ? at : undefined;
}

function isExactInteger(literal: string): boolean {
  const digits = literal.replace(/e.*$/i, "").replaceAll(/[^0-9]/g, "");
  return digits.length <= 15 && Number.isSafeInteger(Number(literal));
}

/** The texts and numbers at a pointer (`*` = each list item); undefined for each place that holds neither. */
export function scalarsAt(value: ExactJson | undefined, pointer: string): (string | ExactNumber | undefined)[] {
  return collectAt(value, pointerSteps(pointer));
}

function collectAt(value: ExactJson | undefined, path: readonly string[]): (string | ExactNumber | undefined)[] {
  const [step, ...rest] = path;
  if (step === undefined) return [isExactNumber(value) || typeof value === "string" ? value : undefined];
  if (step === "*") return Array.isArray(value) ? value.flatMap((item) => collectAt(item, rest)) : [undefined];
  return isExactObject(value) && Object.hasOwn(value, step) ? collectAt(value[step], rest) : [undefined];
}

/** The document without the list items that hold no scalar at a pointer (`*` = each list item); what is in no list stays. */
export function keepNamed(value: ExactJson | undefined, pointer: string): ExactJson | undefined {
  return keepAt(value, pointerSteps(pointer)) ?? value;
}

/** Undefined = there is no scalar: the list item around it goes. */
function keepAt(value: ExactJson | undefined, path: readonly string[]): ExactJson | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return isExactNumber(value) || typeof value === "string" ? value : undefined;
  if (step === "*") return Array.isArray(value) ? value.map((item) => keepAt(item, rest)).filter((item) => item !== undefined) : undefined;
  const kept = isExactObject(value) && Object.hasOwn(value, step) ? keepAt(value[step], rest) : undefined;
  return kept === undefined || !isExactObject(value) ? undefined : { ...value, [step]: kept };
}

function pointerSteps(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function holdsAt(value: ExactJson | undefined, path: readonly string[], asked: string): boolean {
  const [step, ...rest] = path;
  if (step === undefined) return (isExactNumber(value) ? value.rawJSON : value) === asked;
  if (step === "*") return Array.isArray(value) && value.every((item) => holdsAt(item, rest, asked));
  return isExactObject(value) && Object.hasOwn(value, step) && holdsAt(value[step], rest, asked);
}
