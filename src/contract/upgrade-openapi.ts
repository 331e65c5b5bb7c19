import { child, fault, isObject, textAt, type JsonObject } from "./json-document.ts";

/** Keywords whose value is data and not schema; it stays as it is. */
const literals = new Set(["example", "examples", "default", "enum", "const"]);

/**
 * The document as OpenAPI 3.1: one of 3.1 as it is, one of 3.0 with its own schema keywords rewritten in place, so that
 * JSON pointers keep their meaning. 3.0's `nullable`, boolean `exclusiveMinimum`/`exclusiveMaximum`, and what stands
 * beside a `$ref` (ignored there) are all that differs for what is read here. Any other version is `invalid-field`.
 */
export function upgradeOpenapi(document: unknown): unknown {
  const version = child({ value: document, pointer: "" }, "openapi");
  const text = textAt(version, "the OpenAPI version");
  if (text.startsWith("3.1.")) return document;
  return text.startsWith("3.0.") ? upgradeNode(document, false) : fault(version, "OpenAPI 3.0 or 3.1 is expected");
}

/** `isMap`: the keys are names of fields and no keywords. */
function upgradeNode(value: unknown, isMap: boolean): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => upgradeNode(item, false));
  if (!isObject(value)) return value;
  const members = Object.entries(value).map(([name, member]): [string, unknown] =>
    !isMap && literals.has(name) ? [name, member] : [name, upgradeNode(member, !isMap && name === "properties")],
  );
  const node = Object.fromEntries(members);
  return isMap ? node : upgradeKeywords(node);
}

function upgradeKeywords(node: JsonObject): JsonObject {
  if (typeof node["$ref"] === "string") return besideReference(node);
  return upgradeBound(upgradeBound(upgradeNull(node), "exclusiveMinimum", "minimum"), "exclusiveMaximum", "maximum");
}

function besideReference(node: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(node).filter(([name]) => name === "$ref" || name === "description" || name.startsWith("x-")));
}

function upgradeNull(node: JsonObject): JsonObject {
  const { nullable, ...rest } = node;
  if (typeof nullable !== "boolean") return node;
  return nullable && typeof rest["type"] === "string" ? { ...rest, type: [rest["type"], "null"] } : rest;
}

function upgradeBound(node: JsonObject, exclusive: string, inclusive: string): JsonObject {
  const flag = node[exclusive];
  if (typeof flag !== "boolean") return node;
  const rest = Object.fromEntries(Object.entries(node).filter(([name]) => name !== exclusive && (!flag || name !== inclusive)));
  return flag && node[inclusive] !== undefined ? { ...rest, [exclusive]: node[inclusive] } : rest;
}
