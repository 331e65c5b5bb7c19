import { isLgpdClass, type LgpdClass } from "../../contract/lgpd.ts";
import { propertyNames } from "../../contract/object-targets.ts";

/**
 * A JSON Schema node as `operation` rows hold it: references written out, objects closed, no unions (control/service
 * unpacks it so). Whatever else stands there is read as an empty schema, from which nothing is shown.
 */
export type SchemaNode = { readonly [keyword: string]: unknown };

const empty: SchemaNode = {};

export function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function schemaNode(value: unknown): SchemaNode {
  return isRecord(value) ? value : empty;
}

/** The named properties of an object schema. */
export function propertiesOf(schema: SchemaNode): [name: string, node: SchemaNode][] {
  return Object.entries(schemaNode(schema["properties"])).map(([name, node]) => [name, schemaNode(node)]);
}

/** The JSON types that a schema allows; empty when it does not say. */
export function typesOf(schema: SchemaNode): ReadonlySet<string> {
  const type = schema["type"];
  if (typeof type === "string") return new Set([type]);
  return new Set(Array.isArray(type) ? type.filter((name) => typeof name === "string") : []);
}

/** The class of a field: `"x-lgpd": "identity"` or `"x-lgpd": { "category": "identity", ... }`. */
export function classOf(schema: SchemaNode): LgpdClass | undefined {
  const mark = schema["x-lgpd"];
  const name = isRecord(mark) ? mark["category"] : mark;
  return isLgpdClass(name) ? name : undefined;
}

/**
 * Which kind of object an indirect value names, so that a bill's reference is no good as a property's: the schema's
 * `x-ref`, else the field's own name, where the names of the property are one kind.
 */
export function refKindOf(schema: SchemaNode, name: string): string {
  const hint = schema["x-ref"];
  if (typeof hint === "string") return hint;
  const plain = name.toLowerCase();
  return propertyNames.has(plain) ? "imovel" : plain;
}
