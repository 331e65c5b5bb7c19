import { eventType } from "../../contract/event-types.ts";
import type { CellChange, Changes } from "../../contract/license-effect.ts";
import type { LicenseContent, Show } from "../../contract/license-content.ts";
import { isLgpdClass, isPublishableClass } from "../../contract/lgpd.ts";
import { objectTargets, onlyReads } from "../../contract/object-targets.ts";
import { fieldMatcher } from "../../contract/personal-fields.ts";
import { shownFields } from "../../contract/shown-fields.ts";
import type { LicenseDraft } from "./draft.ts";
import type { KnownOperation, KnownOperations } from "./known-operations.ts";
import { termChanges } from "./term-changes.ts";

/** `personal`: by its class, or by one that an earlier document gave it: nobody alone opens it by classing it anew. */
type Cell = Omit<CellChange, "from" | "to"> & { level: Show; personal: boolean };

/**
 * What `next` would change against `published` (undefined = nothing is published). Opening personal data is: a field
 * of a personal class shown more, an operation that names or writes personal data, a fuller event, or, where personal
 * data is shown at all, a longer term, more calls, more objects, looser bindings, another purpose or basis.
 */
export function changesOf(published: LicenseDraft | undefined, next: LicenseDraft, known: KnownOperations): Omit<Changes, "against"> {
  const cells = cellChanges(published?.content, next.content, known);
  const operations = operationChanges(published?.content, next.content, known);
  const events = eventChanges(published?.content, next.content);
  const terms = termChanges(published, next);
  const raised = cells.filter((cell) => isRaised(cell.from, cell.to));
  const openedOperations = operations.filter((operation) => operation.to);
  const openedEvents = events.filter((event) => isRaised(event.from, event.to));
  const opensTerm = terms.some((term) => term.effect === "opens");
  const opensPersonal =
    raised.some((cell) => cell.personal) ||
    openedOperations.some((operation) => operation.personal) ||
    openedEvents.some((event) => event.personal) ||
    (opensTerm && showsPersonal(next.content, known));
  return {
    cells: cells.map(({ personal: _personal, ...cell }) => cell),
    operations,
    events,
    terms,
    cells_opened: raised.length,
    cells_closed: cells.length - raised.length,
    only_closes: raised.length + openedOperations.length + openedEvents.length === 0 && !opensTerm,
    needs_second_person: opensPersonal,
  };
}

/** Whether a license shows personal data, takes it, or sends it as events. */
export function showsPersonal(content: LicenseContent, known: KnownOperations): boolean {
  return (
    [...cellsOf(content, known).values()].some((cell) => cell.level !== "none" && cell.personal) ||
    content.operations.some(({ operation_id: id }) => reachesPersonal(known.get(id))) ||
    content.events.some((event) => isPersonalEvent(event.event_type, event.variant))
  );
}

/** Every field of the licensed operations, by operation and pointer. */
function cellsOf(content: LicenseContent | undefined, known: KnownOperations): Map<string, Cell> {
  const cells = (content?.operations ?? []).flatMap((grant) => {
    const operation = known.get(grant.operation_id);
    const wasPersonal = fieldMatcher(operation?.once_personal ?? []);
    return shownFields(operation?.response_schema, grant).map(({ pointer, lgpdClass, level }) => ({
      operation_id: grant.operation_id,
      field: pointer,
      lgpd_class: lgpdClass,
      level,
      personal: isPersonal(lgpdClass) || wasPersonal(pointer),
    }));
  });
  return new Map(cells.map((cell) => [`${cell.operation_id} ${cell.field}`, cell]));
}

function cellChanges(
  before: LicenseContent | undefined,
  after: LicenseContent,
  known: KnownOperations,
): (CellChange & Pick<Cell, "personal">)[] {
  const [was, is] = [cellsOf(before, known), cellsOf(after, known)];
  return [...new Set([...was.keys(), ...is.keys()])].toSorted().flatMap((key) => {
    const cell = is.get(key) ?? was.get(key);
    const [from, to] = [was.get(key)?.level ?? "none", is.get(key)?.level ?? "none"];
    if (cell === undefined || from === to) return [];
    const { level: _level, ...named } = cell;
    return [{ ...named, from, to }];
  });
}

function operationChanges(before: LicenseContent | undefined, after: LicenseContent, known: KnownOperations): Changes["operations"] {
  const was = new Set(before?.operations.map((operation) => operation.operation_id));
  const is = new Set(after.operations.map((operation) => operation.operation_id));
  return [...new Set([...was, ...is])]
    .filter((id) => was.has(id) !== is.has(id))
    .toSorted()
    .map((id) => ({ operation_id: id, from: was.has(id), to: is.has(id), personal: reachesPersonal(known.get(id)) }));
}

/** Whether calling it is more than reading public data, whatever the license shows of its answer. */
export function reachesPersonal(operation: KnownOperation | undefined): boolean {
  if (operation === undefined) return false;
  return !onlyReads(operation.method) || !objectTargets({ ...operation, response_schema: null }).free;
}

function eventChanges(before: LicenseContent | undefined, after: LicenseContent): Changes["events"] {
  const was = new Map(before?.events.map((event) => [event.event_type, event.variant]));
  const is = new Map(after.events.map((event) => [event.event_type, event.variant]));
  return [...new Set([...was.keys(), ...is.keys()])].toSorted().flatMap((type) => {
    const [from, to] = [was.get(type) ?? "none", is.get(type) ?? "none"] as const;
    return from === to ? [] : [{ event_type: type, from, to, personal: isPersonalEvent(type, to) || isPersonalEvent(type, from) }];
  });
}

function isPersonalEvent(type: string, variant: "none" | "thin" | "whole"): boolean {
  return variant === "whole" && (eventType(type)?.sensitivity.length ?? 0) > 0;
}

const strength = { none: 0, masked: 1, thin: 1, full: 2, whole: 2 } as const;

/** Whether something is shown more than before. */
export function isRaised(from: keyof typeof strength, to: keyof typeof strength): boolean {
  return strength[to] > strength[from];
}

function isPersonal(lgpdClass: string): boolean {
  return !(isLgpdClass(lgpdClass) && isPublishableClass(lgpdClass));
}
