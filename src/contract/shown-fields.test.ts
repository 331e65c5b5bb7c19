import fc from "fast-check";
import { expect, test } from "vitest";
import { compileProjection } from "../gateway/projection/compile-projection.ts";
import { isExactObject, parseExact, type ExactJson } from "../gateway/projection/exact-json.ts";
import { createOpaqueRefs } from "../gateway/projection/opaque-ref.ts";
import { pruneSchema } from "../gateway/projection/prune-schema.ts";
import { isListed, shownFields } from "./shown-fields.ts";

const refs = createOpaqueRefs(Buffer.alloc(32, 1), "ten_a", "lic_a");
const classes = ["none", "technical", "indirect", "identity", "financial", "consumption", "sensitive", "never"];
const names = ["a", "b", "c/d", "e~f"];

type Schema = { type: string; "x-lgpd"?: string; properties?: Record<string, Schema>; items?: Schema };

const leaf: fc.Arbitrary<Schema> = fc.constantFrom(...classes).map((name) => ({ type: "string", "x-lgpd": name }));
const node: fc.Memo<Schema> = fc.memo((depth) =>
  depth <= 1
    ? leaf
    : fc.oneof(
        leaf,
        fc
          .tuple(
            fc.option(fc.constantFrom(...classes), { nil: undefined }),
            fc.dictionary(fc.constantFrom(...names), node(depth - 1), { minKeys: 1 }),
          )
          .map(([own, properties]): Schema => ({ type: "object", ...(own === undefined ? {} : { "x-lgpd": own }), properties })),
        fc
          .tuple(fc.option(fc.constantFrom(...classes), { nil: undefined }), node(depth - 1))
          .map(([own, items]): Schema => ({ type: "array", ...(own === undefined ? {} : { "x-lgpd": own }), items })),
      ),
);
const root = fc
  .dictionary(fc.constantFrom(...names), node(3), { minKeys: 1 })
  .map((properties): Schema => ({ type: "object", properties }));
const projections = fc.dictionary(
  fc.constantFrom("indirect", "identity", "financial", "consumption"),
  fc.constantFrom("none", "masked", "full"),
);

/** A value with something at every leaf. */
function valueOf(schema: Schema): unknown {
  if (schema.properties !== undefined)
    return Object.fromEntries(Object.entries(schema.properties).map(([name, field]) => [name, valueOf(field)]));
  return schema.items === undefined ? "12345678909" : [valueOf(schema.items)];
}

function leavesOf(value: ExactJson | undefined, pointer = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => leavesOf(item, `${pointer}/*`));
  if (isExactObject(value))
    return Object.entries(value).flatMap(([name, field]) =>
      leavesOf(field, `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`),
    );
  return value === undefined ? [] : [pointer];
}

test("what the effect calls shown is what the gateway's projection shows, with and without a field list", () => {
  fc.assert(
    fc.property(
      root,
      projections,
      fc.option(fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), { nil: undefined }),
      (schema, projection, picks) => {
        const all = shownFields(schema, { projection }).map((field) => field.pointer);
        fc.pre(all.length > 0);
        const fields = picks?.map((pick) => {
          const pointer = all[pick % all.length] ?? "";
          // a field, or something that holds it
          return pick % 3 === 0 && pointer.lastIndexOf("/") > 0 ? pointer.slice(0, pointer.lastIndexOf("/")) : pointer;
        });
        const shown = shownFields(schema, { projection, fields }).filter((field) => field.level !== "none");
        const project = compileProjection(pruneSchema(schema, fields ?? null), projection, refs);
        const left = new Set(leavesOf(parseExact(project(parseExact(JSON.stringify(valueOf(schema)))) ?? "{}")));
        expect([...left].toSorted()).toEqual([...new Set(shown.map((field) => field.pointer))].toSorted());
        for (const pointer of left) expect(isListed(pointer, fields)).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});

test("a field list shows what it names and nothing beside it, at the level of its class", () => {
  const schema = {
    type: "object",
    properties: {
      name: { type: "string", "x-lgpd": "identity" },
      document: { type: "string", "x-lgpd": "identity" },
      items: { type: "array", items: { type: "object", properties: { amount: { type: "string", "x-lgpd": "financial" } } } },
    },
  };
  expect(shownFields(schema, { projection: { identity: "masked", financial: "full" }, fields: ["/name", "/items"] })).toEqual([
    { pointer: "/name", lgpdClass: "identity", level: "masked" },
    { pointer: "/document", lgpdClass: "identity", level: "none" },
    { pointer: "/items/*/amount", lgpdClass: "financial", level: "full" },
  ]);
});
