import { expect, test } from "vitest";
import type { LicenseContent } from "../../contract/license-content.ts";
import { unpackOpenapi } from "../../contract/unpack-openapi.ts";
import { fixtureOpenapi } from "../../../test/helpers/tenant.ts";
import { changesOf } from "./changes.ts";
import { emptyDraft, type LicenseDraft } from "./draft.ts";

const known = new Map(unpackOpenapi(fixtureOpenapi).map((operation) => [operation.operation_id, { ...operation, tags: [] }]));
const at = new Date("2026-01-01T00:00:00Z");

function draft(more: Partial<LicenseContent> = {}, rest: Partial<LicenseDraft> = {}): LicenseDraft {
  const empty = emptyDraft(at);
  const operations = [{ operation_id: "getProperty", projection: { identity: "masked" as const } }];
  const content = { ...empty.content, name: "n", purpose: "p", legal_basis: "art. 7 V", ends_at: "2030-01-01T00:00:00.000Z", operations };
  return { ...empty, ...rest, content: { ...content, ...more } };
}

const property = (projection: Record<string, "none" | "masked" | "full">, fields?: string[]) => ({
  operations: [{ operation_id: "getProperty", projection, ...(fields === undefined ? {} : { fields }) }],
});

test("the first version opens every cell it shows", () => {
  const changes = changesOf(undefined, draft(), known);
  expect(changes.cells).toEqual([
    { operation_id: "getProperty", field: "/cpf", lgpd_class: "identity", from: "none", to: "masked" },
    { operation_id: "getProperty", field: "/name", lgpd_class: "identity", from: "none", to: "masked" },
    { operation_id: "getProperty", field: "/status", lgpd_class: "technical", from: "none", to: "full" },
  ]);
  expect(changes).toMatchObject({ cells_opened: 3, only_closes: false, needs_second_person: true });
});

test("nothing changed is nothing opened", () => {
  expect(changesOf(draft(), draft(), known)).toMatchObject({
    cells: [],
    operations: [],
    events: [],
    terms: [],
    only_closes: true,
    needs_second_person: false,
  });
});

test("public data alone needs approval, not a second person", () => {
  const open = draft({ operations: [{ operation_id: "getHealth", projection: {} }] });
  expect(changesOf(undefined, open, known)).toMatchObject({ cells_opened: 1, only_closes: false, needs_second_person: false });
});

const scope = (numbers: number[], ranges: [number, number][] = [], localities: number[] = []): LicenseDraft =>
  draft(
    {
      object_scope: {
        municipalities: [],
        localities,
        contract_ranges: ranges.map(([from, to]) => ({ from, to })),
        matriculas: numbers.length === 0 ? null : { count: numbers.length, sha256: numbers.join() },
      },
    },
    { matriculas: numbers },
  );
const bound = (cidrs: string[]) => draft({ bindings: { origins: [], cidrs, certificates: [] } });
const whole = draft({ events: [{ event_type: "client-transaction", variant: "whole" }] });
const thin = draft({ events: [{ event_type: "client-transaction", variant: "thin" }] });

test.each([
  ["a class shown more", draft(), draft(property({ identity: "full" }))],
  ["a class opened", draft(), draft(property({ identity: "masked", financial: "full" }))],
  ["a field list lifted", draft(property({ identity: "masked" }, ["/name"])), draft()],
  ["an operation whose request names a property", draft({ operations: [] }), draft(property({}))],
  ["an event opened whole", draft(), whole],
  ["an event made whole", thin, whole],
  ["a longer term", draft(), draft({ ends_at: "2031-01-01T00:00:00.000Z" })],
  ["an earlier start", draft(), draft({ starts_at: "2025-01-01T00:00:00.000Z" })],
  ["another purpose", draft(), draft({ purpose: "another" })],
  ["another basis", draft(), draft({ legal_basis: "art. 7 X" })],
  ["more calls", draft(), draft({ rate_per_second: 2 })],
  ["a quota lifted", draft({ quota_day: 10 }), draft()],
  ["a scope lifted", scope([1, 2]), draft()],
  ["one more matrícula", scope([1, 2]), scope([1, 2, 3])],
  ["a range beyond the list", scope([1, 2, 4]), scope([], [[1, 4]])],
  ["places for numbers", scope([1, 2]), scope([], [], [7])],
  ["one more locality", scope([], [], [7]), scope([], [], [7, 8])],
  ["a binding lifted", bound(["10.0.0.0/8"]), draft()],
  ["another network", bound(["10.0.0.0/8"]), bound(["11.0.0.0/8"])],
])("%s opens personal data", (_, before, after) => {
  expect(changesOf(before, after, known)).toMatchObject({ only_closes: false, needs_second_person: true });
});

test.each([
  ["a class shown less", draft(property({ identity: "full" })), draft()],
  ["a field list", draft(), draft(property({ identity: "masked" }, ["/name"]))],
  ["an operation taken away", draft(), draft({ operations: [] })],
  ["an event taken away", whole, draft()],
  ["an event made thin", whole, thin],
  ["a shorter term", draft(), draft({ ends_at: "2029-01-01T00:00:00.000Z" })],
  ["fewer calls", draft({ burst: 5 }), draft()],
  ["a quota", draft(), draft({ quota_month: 10 })],
  ["a scope", draft(), scope([1, 2])],
  ["a range within ranges and list", scope([5], [[1, 4]]), scope([], [[2, 5]])],
  ["numbers and places for numbers", scope([1, 2]), scope([1], [], [7])],
  ["a binding", draft(), bound(["10.0.0.0/8"])],
  ["another name and contract number", draft(), draft({ name: "other", contract_number: "1" })],
  ["other people", draft(), draft({}, { people: { responsible: { name: "Ana" }, encarregado: null } })],
])("%s only closes", (_, before, after) => {
  const changes = changesOf(before, after, known);
  expect(changes).toMatchObject({ only_closes: true, needs_second_person: false });
  expect(changes.cells.length + changes.operations.length + changes.events.length + changes.terms.length).toBeGreaterThan(0);
  expect(JSON.stringify(changes)).not.toContain("Ana");
});
