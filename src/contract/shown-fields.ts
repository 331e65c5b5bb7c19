import { isObject, type JsonObject } from "./json-document.ts";
import { effectiveLevel, isLgpdClass, type LgpdClass, type ProjectionLevel } from "./lgpd.ts";

/** A classified field of an answer and how much of it a license shows. */
export type ShownField = { pointer: string; lgpdClass: LgpdClass; level: ProjectionLevel };

/** What a license says about one operation: classes, and, where stated, the only fields. */
export type FieldGrant = { projection: Readonly<Record<string, unknown>>; fields?: readonly string[] | undefined };

/** Whether a field list (JSON pointers, `*` = each item) holds a field: it names it, or something that holds it. */
export function isListed(pointer: string, fields: readonly string[] | undefined): boolean {
  return fields === undefined || fields.some((field) => pointer === field || pointer.startsWith(`${field}/`));
}

/**
 * Every classified field of an unpacked response schema with the level that the grant gives it, in document order. The
 * gateway's projection shows exactly the fields whose level is not none (its own test holds the two together).
 */
export function shownFields(responseSchema: unknown, grant: FieldGrant): ShownField[] {
  if (!isObject(responseSchema)) return [];
  // the outermost container is not closed by its own class
  const root = { pointer: "", inherited: undefined, open: true };
  return isContainer(responseSchema) ? insideOf(responseSchema, root, grant) : leaf(responseSchema, root, grant);
}

type Place = { pointer: string; inherited: LgpdClass | undefined; open: boolean };

function walk(schema: JsonObject, at: Place, grant: FieldGrant): ShownField[] {
  if (!isContainer(schema)) return leaf(schema, at, grant);
  const own = classOf(schema);
  const open = at.open && (own === undefined || effectiveLevel(own, grant.projection) !== "none");
  return insideOf(schema, { ...at, open }, grant);
}

function insideOf(schema: JsonObject, at: Place, grant: FieldGrant): ShownField[] {
  const { properties, items } = { properties: schema["properties"], items: schema["items"] };
  if (isObject(properties)) {
    return Object.entries(properties).flatMap(([name, node]) =>
      isObject(node) ? walk(node, { pointer: `${at.pointer}/${escaped(name)}`, inherited: undefined, open: at.open }, grant) : [],
    );
  }
  return isObject(items) ? walk(items, { pointer: `${at.pointer}/*`, inherited: classOf(schema), open: at.open }, grant) : [];
}

function leaf(schema: JsonObject, at: Place, grant: FieldGrant): ShownField[] {
  const lgpdClass = classOf(schema) ?? at.inherited;
  if (lgpdClass === undefined) return [];
  const shown = at.open && isListed(at.pointer, grant.fields);
  return [{ pointer: at.pointer, lgpdClass, level: shown ? effectiveLevel(lgpdClass, grant.projection) : "none" }];
}

function isContainer(schema: JsonObject): boolean {
  return isObject(schema["properties"]) || isObject(schema["items"]);
}

function classOf(schema: JsonObject): LgpdClass | undefined {
  const mark = schema["x-lgpd"];
  const name = isObject(mark) ? mark["category"] : mark;
  return isLgpdClass(name) ? name : undefined;
}

function escaped(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
