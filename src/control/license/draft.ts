import { createHash } from "node:crypto";
import type {
  ContractRange,
  LicenseChange,
  LicenseContent,
  LicenseOperation,
  ObjectScope,
  Person,
  ShownScope,
} from "../../contract/license-content.ts";
import { packIntegers } from "../../contract/packed-integers.ts";
import { AppError } from "../../contract/errors.ts";
import { parseFutureInstant, parseInstant } from "../instants.ts";

export type People = { responsible: Person | null; encarregado: Person | null };

/** All that a version says: its content, the matrículas of its object scope (ascending), and its people. */
export type LicenseDraft = { content: LicenseContent; matriculas: readonly number[]; people: People };

/** A change with its operations by id. */
export type DraftChange = Omit<LicenseChange, "operations"> & { operations?: LicenseOperation[] };

/** The draft with the members that the change names. Refuses (`invalid-field`) a term that is over, reversed or no instant. */
export function changedDraft(draft: LicenseDraft, change: DraftChange, now: Date): LicenseDraft {
  const { starts_at, ends_at, rate_per_second, operations, events, object_scope, responsible, encarregado, ...plain } = change;
  const scope = object_scope === undefined ? undefined : shownScope(object_scope);
  const content: LicenseContent = {
    ...draft.content,
    ...defined(plain),
    ...(starts_at === undefined ? {} : { starts_at: parseInstant(starts_at, "/body/starts_at").toISOString() }),
    ...(ends_at === undefined ? {} : { ends_at: parseFutureInstant(ends_at, now, "/body/ends_at").toISOString() }),
    // what the store keeps: numeric(9,3)
    ...(rate_per_second === undefined ? {} : { rate_per_second: Number(rate_per_second.toFixed(3)) }),
    ...(operations === undefined ? {} : { operations: operations.toSorted(by((operation) => operation.operation_id)) }),
    ...(events === undefined ? {} : { events: events.toSorted(by((event) => event.event_type)) }),
    ...(scope === undefined ? {} : { object_scope: scope.shown }),
  };
  if (content.ends_at <= content.starts_at)
    throw new AppError("invalid-field", "the license must end after it starts", { pointer: "/body/ends_at" });
  return {
    content,
    matriculas: scope === undefined ? draft.matriculas : scope.matriculas,
    people: {
      responsible: responsible === undefined ? draft.people.responsible : responsible,
      encarregado: encarregado === undefined ? draft.people.encarregado : encarregado,
    },
  };
}

/** Where a license begins: what its required members will replace. */
export function emptyDraft(now: Date): LicenseDraft {
  const at = now.toISOString();
  return {
    content: {
      name: "",
      purpose: "",
      legal_basis: "",
      consent: null,
      contract_number: null,
      starts_at: at,
      ends_at: at,
      rate_per_second: 1,
      burst: 1,
      quota_day: null,
      quota_month: null,
      operations: [],
      events: [],
      object_scope: null,
      bindings: null,
    },
    matriculas: [],
    people: { responsible: null, encarregado: null },
  };
}

/** The scope as it is shown and the matrículas of its list; null when it states nothing. */
function shownScope(scope: ObjectScope | null): { shown: ShownScope | null; matriculas: number[] } {
  const stated = { municipalities: [], localities: [], matriculas: [], contract_ranges: [], ...scope };
  const matriculas = ascending(stated.matriculas);
  const shown = {
    municipalities: ascending(stated.municipalities),
    localities: ascending(stated.localities),
    contract_ranges: orderedRanges(stated.contract_ranges),
    matriculas: matriculas.length === 0 ? null : { count: matriculas.length, sha256: listHash(matriculas) },
  };
  const places = shown.municipalities.length + shown.localities.length;
  return { shown: matriculas.length + places + shown.contract_ranges.length === 0 ? null : shown, matriculas };
}

function orderedRanges(ranges: readonly ContractRange[]): ContractRange[] {
  const reversed = ranges.findIndex((range) => range.to < range.from);
  if (reversed >= 0)
    throw new AppError("invalid-field", "the range ends before it begins", {
      pointer: `/body/object_scope/contract_ranges/${reversed}/to`,
    });
  return ranges.toSorted((a, b) => a.from - b.from || a.to - b.to);
}

function listHash(matriculas: readonly number[]): string {
  return createHash("sha256").update(packIntegers(matriculas)).digest("hex");
}

function ascending(list: readonly number[]): number[] {
  return [...new Set(list)].toSorted((a, b) => a - b);
}

function by<T>(key: (item: T) => string): (a: T, b: T) => number {
  return (a, b) => (key(a) < key(b) ? -1 : 1);
}

/** Without the members that are undefined: they were not named. */
function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
