import { exactNumber, isExactObject, type ExactJson } from "../projection/exact-json.ts";
import { classOf, propertiesOf, refKindOf, schemaNode, typesOf, type SchemaNode } from "../projection/json-schema.ts";
import type { OpaqueRefs } from "../projection/opaque-ref.ts";
import { Refusal } from "../refusal.ts";

/** The number behind a reference; undefined when it is none of this license, or of another kind of object. */
export function revealText(schema: SchemaNode, name: string, value: string, refs: OpaqueRefs): string | undefined {
  return refs.reveal(refKindOf(schema, name), value);
}

/**
 * A request body with the references of its `indirect` fields replaced by what they stand for. Where a license sees
 * objects only by reference, a clear number is refused like a false reference: one cannot be tried out by the other.
 */
export function revealBody(value: ExactJson, schema: unknown, refs: OpaqueRefs, pointer = "/body"): ExactJson {
  const node = schemaNode(schema);
  if (Array.isArray(value)) return value.map((item, index) => revealBody(item, node["items"], refs, `${pointer}/${index}`));
  if (!isExactObject(value)) return value;
  const out: { [key: string]: ExactJson } = { ...value };
  for (const [name, field] of propertiesOf(node)) {
    const found = Object.hasOwn(value, name) ? value[name] : undefined;
    if (found === undefined || found === null) continue;
    const at = `${pointer}/${name}`;
    out[name] = classOf(field) === "indirect" ? revealField(found, { field, name, at }, refs) : revealBody(found, field, refs, at);
  }
  return out;
}

function revealField(value: ExactJson, place: { field: SchemaNode; name: string; at: string }, refs: OpaqueRefs): ExactJson {
  const clear = typeof value === "string" ? revealText(place.field, place.name, value, refs) : undefined;
  if (clear === undefined) throw unknownRef(place.at);
  return typesOf(place.field).has("string") ? clear : exactNumber(clear);
}

/** A reference that this license never got. Says nothing about the object. */
export function unknownRef(pointer: string): Refusal {
  return new Refusal("invalid-field", {
    clause: "opaque-reference",
    detail: "This license names objects by the references it received.",
    pointer,
  });
}
