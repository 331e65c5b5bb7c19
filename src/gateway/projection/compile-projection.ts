import { effectiveLevel, type LgpdClass } from "../../contract/lgpd.ts";
import { formatExact, isExactNumber, isExactObject, type ExactJson } from "./exact-json.ts";
import { classOf, propertiesOf, refKindOf, schemaNode, typesOf, type SchemaNode } from "./json-schema.ts";
import { isMaskName, masks, type Mask, type MaskName } from "./mask.ts";
import type { OpaqueRefs } from "./opaque-ref.ts";

/**
 * What is left of a value for the license, as JSON text; undefined = nothing, the field is not there. Text at once, and not
 * another tree: the names are quoted when it is compiled, and no object is built that is only written down again.
 */
export type Project = (value: ExactJson) => string | undefined;

/** Class -> none | masked | full, as `license_operation.projection` holds it. */
export type LevelByClass = Readonly<Record<string, unknown>>;

type Compile = { levels: LevelByClass; refs: OpaqueRefs };

const keepNothing: Project = () => undefined;

/**
 * Compiles a response schema and a license's levels into one function. Default deny: a field that the schema does not
 * name, that has no class, or whose value is of another JSON type than the schema says, is dropped. Containers need no class; a class on a container is one more condition on all inside it.
 * The result is undefined when the whole answer is not of the schema's outer form.
 */
export function compileProjection(schema: unknown, levels: LevelByClass, refs: OpaqueRefs): Project {
  const root = schemaNode(schema);
  const compile = { levels, refs };
  if (isObjectSchema(root)) return objectProjection(root, compile) ?? ((value) => (isExactObject(value) ? "{}" : undefined));
  if (typesOf(root).has("array")) return arrayProjection(root, compile, "") ?? ((value) => (Array.isArray(value) ? "[]" : undefined));
  return leafProjection(root, classOf(root), compile, "") ?? keepNothing;
}

function isObjectSchema(schema: SchemaNode): boolean {
  return typesOf(schema).has("object") || propertiesOf(schema).length > 0;
}

function fieldProjection(name: string, schema: SchemaNode, inherited: LgpdClass | undefined, compile: Compile): Project | undefined {
  const own = classOf(schema);
  if (isObjectSchema(schema)) return isClosed(own, compile) ? undefined : objectProjection(schema, compile);
  if (typesOf(schema).has("array")) return isClosed(own, compile) ? undefined : arrayProjection(schema, compile, name);
  return leafProjection(schema, own ?? inherited, compile, name);
}

function isClosed(lgpdClass: LgpdClass | undefined, compile: Compile): boolean {
  return lgpdClass !== undefined && effectiveLevel(lgpdClass, compile.levels) === "none";
}

function objectProjection(schema: SchemaNode, compile: Compile): Project | undefined {
  const fields = propertiesOf(schema).flatMap(([name, node]) => {
    const project = fieldProjection(name, node, undefined, compile);
    // a name that every object has by inheritance is looked for among its own
    return project === undefined ? [] : [{ name, project, label: `${JSON.stringify(name)}:`, isInherited: name in Object.prototype }];
  });
  if (fields.length === 0) return undefined;
  return (value) => {
    if (!isExactObject(value)) return undefined;
    let text = "{";
    for (let i = 0; i < fields.length; i += 1) {
      const field = fields[i];
      if (field === undefined) break;
      const { name, project, label, isInherited } = field;
      const found = isInherited && !Object.hasOwn(value, name) ? undefined : value[name];
      if (found === undefined) continue;
      const shown = found === null ? "null" : project(found);
      if (shown !== undefined) text += text.length === 1 ? label + shown : `,${label}${shown}`;
    }
    return `${text}}`;
  };
}

function arrayProjection(schema: SchemaNode, compile: Compile, name: string): Project | undefined {
  const item = fieldProjection(name, schemaNode(schema["items"]), classOf(schema), compile);
  if (item === undefined) return undefined;
  return (value) => {
    if (!Array.isArray(value)) return undefined;
    let text = "[";
    for (const one of value) {
      const shown = item(one);
      if (shown !== undefined) text += text.length === 1 ? shown : `,${shown}`;
    }
    return `${text}]`;
  };
}

function leafProjection(schema: SchemaNode, lgpdClass: LgpdClass | undefined, compile: Compile, name: string): Project | undefined {
  if (lgpdClass === undefined) return undefined;
  const level = effectiveLevel(lgpdClass, compile.levels);
  if (level === "none") return undefined;
  const fits = typeTest(typesOf(schema));
  if (level === "full") return (value) => (fits(value) ? formatExact(value) : undefined);
  const mask = maskFor(lgpdClass, schema, name, compile.refs);
  // dropped whatever it holds: an empty field that stayed would tell that the others are not empty
  if (mask === masks.drop) return undefined;
  return (value) => (fits(value) ? maskValue(value, mask) : undefined);
}

function typeTest(types: ReadonlySet<string>): (value: ExactJson) => boolean {
  const [takesText, takesTruth, takesNumber, takesInteger] = ["string", "boolean", "number", "integer"].map((type) => types.has(type));
  return (value) => {
    if (value === null) return true;
    if (typeof value === "string") return takesText === true;
    if (typeof value === "boolean") return takesTruth === true;
    if (!isExactNumber(value)) return false;
    return takesNumber === true || (takesInteger === true && /^-?[0-9]+$/.test(value.rawJSON));
  };
}

function maskFor(lgpdClass: LgpdClass, schema: SchemaNode, name: string, refs: OpaqueRefs): Mask {
  if (lgpdClass === "indirect") {
    const kind = refKindOf(schema, name);
    return (value) => refs.hide(kind, value);
  }
  return masks[maskName(lgpdClass, schema, name)];
}

const maskByFormat: ReadonlyMap<unknown, MaskName> = new Map<unknown, MaskName>([
  ["cpf", "document"],
  ["cnpj", "document"],
  ["document", "document"],
  ["person-name", "name"],
  ["email", "email"],
  ["phone", "phone"],
]);

const maskOfClass: ReadonlyMap<LgpdClass, MaskName> = new Map<LgpdClass, MaskName>([
  ["identity", "identity"],
  ["contact", "contact"],
]);

/** Name of an address field that stays when an address is masked: municipality and bairro. */
const coarseAddress = /(^|_)(bairro|municipio|municipality|district)(_(nome|name))?$/;

/** The schema's `x-mask`, else its format, else what its class does with a value of that shape. */
function maskName(lgpdClass: LgpdClass, schema: SchemaNode, name: string): MaskName {
  const hint = schema["x-mask"];
  if (isMaskName(hint)) return hint;
  if (lgpdClass === "address") return coarseAddress.test(snake(name)) ? "keep" : "drop";
  return maskByFormat.get(schema["format"]) ?? maskOfClass.get(lgpdClass) ?? "drop";
}

function snake(name: string): string {
  return name.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
}

function maskValue(value: ExactJson, mask: Mask): string | undefined {
  if (value === null) return "null";
  const text = isExactNumber(value) ? value.rawJSON : value;
  const masked = typeof text === "string" ? mask(text) : undefined;
  return masked === undefined ? undefined : formatExact(masked);
}
