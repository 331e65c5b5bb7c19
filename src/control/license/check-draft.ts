import { AppError } from "../../contract/errors.ts";
import { eventType } from "../../contract/event-types.ts";
import { restsOnConsent } from "../../contract/legal-bases.ts";
import type { LicenseContent } from "../../contract/license-content.ts";
import { scopeFault } from "../../contract/object-targets.ts";
import { shownFields } from "../../contract/shown-fields.ts";
import { parseNetworks } from "../access/networks.ts";
import { parseOrigins } from "../access/origins.ts";
import type { LicenseDraft } from "./draft.ts";
import type { KnownOperations } from "./known-operations.ts";
import { showsPersonal } from "./changes.ts";

/**
 * Refuses (`invalid-field`) a draft whose members do not go together: a consent basis without how consent is gathered,
 * a field list that names no field of the answer, a scope that an operation or event type cannot be held within,
 * bindings of no form.
 */
export function checkDraft(draft: LicenseDraft, known: KnownOperations): void {
  const { content } = draft;
  if (restsOnConsent(content.legal_basis) && content.consent === null)
    refuse("/body/consent", "a license that rests on consent says how consent is gathered and withdrawn");
  checkFields(content, known);
  checkScope(content, known);
  checkBindings(content);
}

/** Refuses (`conflict`) to submit a draft without the people that a license needs. */
export function checkComplete(draft: LicenseDraft, known: KnownOperations): void {
  if (draft.people.responsible === null) throw new AppError("conflict", "the license names no responsible person");
  if (draft.people.encarregado === null && showsPersonal(draft.content, known))
    throw new AppError("conflict", "the license shows personal data and names no encarregado");
}

function checkFields(content: LicenseContent, known: KnownOperations): void {
  for (const [index, operation] of content.operations.entries()) {
    const answered = shownFields(known.get(operation.operation_id)?.response_schema, { projection: {} }).map((field) => field.pointer);
    const unknown = (operation.fields ?? []).findIndex(
      (field) => !answered.some((pointer) => pointer === field || pointer.startsWith(`${field}/`)),
    );
    if (unknown >= 0) refuse(`/body/operations/${index}/fields/${unknown}`, "the operation's answer has no such field");
  }
}

function checkScope(content: LicenseContent, known: KnownOperations): void {
  const scope = content.object_scope;
  if (scope === null) return;
  const states = {
    numbers: scope.matriculas !== null || scope.contract_ranges.length > 0,
    places: scope.municipalities.length + scope.localities.length > 0,
  };
  for (const { operation_id: id } of content.operations) {
    const operation = known.get(id);
    const fault = operation === undefined ? undefined : scopeFault(operation, states);
    if (fault !== undefined) refuse("/body/object_scope", `${id} cannot be held within this scope: ${fault}`);
  }
  const event = content.events.find(
    ({ event_type, variant }) => variant === "whole" && (eventType(event_type)?.sensitivity.length ?? 0) > 0,
  );
  if (event !== undefined) refuse("/body/object_scope", `${event.event_type} cannot be held within a scope; grant its thin variant`);
}

function checkBindings({ bindings }: LicenseContent): void {
  if (bindings === null) return;
  within("/body/bindings", () => {
    parseOrigins(bindings.origins, "live");
    parseNetworks(bindings.cidrs);
  });
}

/** Faults of what accesses state too are told at the place where the license states it. */
function within(pointer: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError && error.pointer !== undefined)
      throw new AppError(error.code, error.message, { pointer: error.pointer.replace("/body", pointer) });
    throw error;
  }
}

function refuse(pointer: string, detail: string): never {
  throw new AppError("invalid-field", detail, { pointer });
}
