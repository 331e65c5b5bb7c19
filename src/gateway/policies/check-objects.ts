import { onlyReads, type ObjectTargets } from "../../contract/object-targets.ts";
import type { Grant, LicensePolicy, OperationPolicy } from "../policy/snapshot.ts";
import type { ObjectScope } from "../policy/object-scope.ts";
import { keepNamed, scalarsAt } from "../projection/answer-rule.ts";
import { isExactNumber, type ExactJson } from "../projection/exact-json.ts";
import { Refusal } from "../refusal.ts";
import type { ValidRequest } from "../validation/request-contract.ts";

/**
 * Step 5, the object scope, as far as the request tells: a property outside is not there. What the request cannot prove
 * is left to the answer only where the call reads.
 */
export function checkAskedObjects(license: LicensePolicy, grant: Grant, request: ValidRequest): void {
  const { scope } = license;
  const { operation } = grant;
  if (scope === undefined || operation.targets().free) return;
  const named = namedProperties(operation, request);
  if (scope.holdsNumber !== undefined && !named.every((text) => holds(scope, text))) throw outside();
  if (onlyReads(operation.method)) return;
  const isProved = scope.holdsNumber === undefined || named.length > 0;
  if (!isProved || scope.places !== undefined) throw outside();
}

/**
 * Step 8, the rest of it: the answer's properties and places are inside too, or prove what the request left open. Gives
 * the document as the license may see it: a list item that should name its property and does not is not in it.
 */
export function checkAnsweredObjects(
  license: LicensePolicy,
  grant: Grant,
  more: { request: ValidRequest; document: ExactJson | undefined },
): ExactJson | undefined {
  const { scope } = license;
  const targets = grant.operation.targets();
  if (scope === undefined || targets.free) return more.document;
  const document = scope.holdsNumber === undefined ? more.document : targets.answered.reduce(keepNamed, more.document);
  if (scope.holdsNumber !== undefined) {
    const answered = targets.answered.flatMap((pointer) => textsAt(document, pointer, targets.texts));
    const isProved = namedProperties(grant.operation, more.request).length > 0 || answered.some((text) => text !== undefined);
    if (!isProved || !answered.every((text) => text === undefined || holds(scope, text))) throw outside();
  }
  if (scope.places !== undefined && !liesInPlaces(scope.places, targets, document)) throw outside();
  return document;
}

/** Digits at a pointer; a text where the schema speaks of a number is no such thing, and nothing holds it. */
function textsAt(document: ExactJson | undefined, pointer: string, texts: readonly string[]): (string | undefined)[] {
  return scalarsAt(document, pointer).map((at) => {
    if (isExactNumber(at)) return at.rawJSON;
    return at === undefined || texts.includes(pointer) ? at : "";
  });
}

/** The properties that a request names, as text. A list of them is not read: what cannot be checked is not let through. */
function namedProperties({ targets }: OperationPolicy, request: ValidRequest): string[] {
  const { parameters, body } = targets();
  if (body.some((pointer) => pointer.includes("*"))) throw outside();
  const values = [
    ...parameters.map((parameter) => request.asked({ parameter, field: "" })),
    ...body.map((pointer) => request.asked({ body: pointer, field: "" })),
  ];
  return values.filter((text) => text !== undefined);
}

/** Inside by its locality or by its municipality; whichever it is, every object of the answer has to be. */
function liesInPlaces(
  places: NonNullable<ObjectScope["places"]>,
  targets: Pick<ObjectTargets, "places" | "texts">,
  document: ExactJson | undefined,
): boolean {
  return (["locality", "municipality"] as const).some((kind) => {
    const fields = targets.places.filter((field) => field.kind === kind);
    const answered = fields.flatMap(({ pointer }) => textsAt(document, pointer, targets.texts));
    return answered.length > 0 && answered.every((text) => places[kind].has(numberOf(text)));
  });
}

function holds(scope: ObjectScope, text: string): boolean {
  return scope.holdsNumber?.(numberOf(text)) ?? true;
}

/** NaN, which is inside nothing, for anything but plain digits without a leading zero. */
function numberOf(text: string | undefined): number {
  return text !== undefined && /^(0|[1-9][0-9]{0,9})$/.test(text) ? Number(text) : Number.NaN;
}

/** The same answer as for an object that does not exist. */
function outside(): Refusal {
  return new Refusal("not-found", { clause: "object-scope" });
}
