import { canonicalJson } from "../../audit/canonical-json.ts";
import type { TermChange } from "../../contract/license-effect.ts";
import type { LicenseContent, ShownScope } from "../../contract/license-content.ts";
import type { LicenseDraft } from "./draft.ts";
import { liesWithin, mergeRanges, type Ranges } from "./number-ranges.ts";

type Effect = TermChange["effect"];
type Sides = { before: LicenseDraft; after: LicenseDraft };

/** Members of a license beside cells, operations and events, with what a change of each does. */
const rules: Record<Exclude<keyof LicenseContent, "operations" | "events">, (sides: Sides) => Effect> = {
  name: () => "neutral",
  contract_number: () => "neutral",
  // for another purpose, on another ground: what is open anew is all of it
  purpose: () => "opens",
  legal_basis: () => "opens",
  consent: () => "opens",
  starts_at: ({ before, after }) => (after.content.starts_at < before.content.starts_at ? "opens" : "closes"),
  ends_at: ({ before, after }) => (after.content.ends_at > before.content.ends_at ? "opens" : "closes"),
  rate_per_second: ({ before, after }) => more(before.content.rate_per_second, after.content.rate_per_second),
  burst: ({ before, after }) => more(before.content.burst, after.content.burst),
  quota_day: ({ before, after }) => more(before.content.quota_day, after.content.quota_day),
  quota_month: ({ before, after }) => more(before.content.quota_month, after.content.quota_month),
  object_scope: ({ before, after }) => (scopeLiesWithin(after, before) ? "closes" : "opens"),
  bindings: ({ before, after }) => bindingsEffect(before.content.bindings, after.content.bindings),
};

const members = Object.keys(rules) as (keyof typeof rules)[];

/** The members that differ. Nothing published: none, because all of it is new and judged by cells, operations and events. */
export function termChanges(before: LicenseDraft | undefined, after: LicenseDraft): TermChange[] {
  if (before === undefined) return [];
  const changes = members.flatMap((member): TermChange[] => {
    const [from, to] = [textOf(before.content[member]), textOf(after.content[member])];
    return from === to ? [] : [{ member, from, to, effect: rules[member]({ before, after }) }];
  });
  return [...changes, ...peopleChanges(before, after)];
}

/** That they changed, never to whom: the effect is shown to more than the people are. */
function peopleChanges(before: LicenseDraft, after: LicenseDraft): TermChange[] {
  return (["responsible", "encarregado"] as const)
    .filter((member) => textOf(before.people[member]) !== textOf(after.people[member]))
    .map((member) => ({ member, from: null, to: null, effect: "neutral" }));
}

function textOf(value: LicenseContent[keyof LicenseContent] | LicenseDraft["people"]["responsible"]): string | null {
  if (value === null) return null;
  return typeof value === "string" ? value : canonicalJson(JSON.parse(JSON.stringify(value)));
}

/** No quota is more than any. */
function more(before: number | null, after: number | null): Effect {
  return (after ?? Number.POSITIVE_INFINITY) > (before ?? Number.POSITIVE_INFINITY) ? "opens" : "closes";
}

/** Whether every object of one scope is surely one of the other. */
function scopeLiesWithin(inner: LicenseDraft, outer: LicenseDraft): boolean {
  const [has, had] = [inner.content.object_scope, outer.content.object_scope];
  if (had === null) return true;
  if (has === null) return false;
  const [numbers, allowed] = [numbersOf(has, inner.matriculas), numbersOf(had, outer.matriculas)];
  if (allowed !== undefined && (numbers === undefined || !liesWithin(numbers, allowed))) return false;
  return placesLieWithin(has, had);
}

function numbersOf(scope: ShownScope, matriculas: readonly number[]): Ranges | undefined {
  if (scope.matriculas === null && scope.contract_ranges.length === 0) return undefined;
  return mergeRanges(
    matriculas,
    scope.contract_ranges.map(({ from, to }) => [from, to]),
  );
}

/** Which localities a municipality has is not known here: a locality for a municipality counts as more. */
function placesLieWithin(has: ShownScope, had: ShownScope): boolean {
  if (had.localities.length + had.municipalities.length === 0) return true;
  if (has.localities.length + has.municipalities.length === 0) return false;
  return holdsAll(had.localities, has.localities) && holdsAll(had.municipalities, has.municipalities);
}

function bindingsEffect(before: LicenseContent["bindings"], after: LicenseContent["bindings"]): Effect {
  const tighter = (["origins", "cidrs", "certificates"] as const).every((kind) => {
    const [was, is] = [before?.[kind] ?? [], after?.[kind] ?? []];
    return was.length === 0 || (is.length > 0 && holdsAll(was, is));
  });
  return tighter ? "closes" : "opens";
}

function holdsAll<T>(all: readonly T[], some: readonly T[]): boolean {
  const known = new Set(all);
  return some.every((item) => known.has(item));
}
