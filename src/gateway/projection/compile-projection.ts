import { effectiveLevel, type LgpdClass } from "../../contract/lgpd.ts";
import { isExactNumber, isExactObject, type ExactJson } from "./exact-json.ts";
import { classOf, propertiesOf, refKindOf, schemaNode, typesOf, type SchemaNode } from "./json-schema.ts";
import { isMaskName, masks, type Mask, type MaskName } from "./mask.ts";
import type { OpaqueRefs } from "./opaque-ref.ts";

/** What is left of a value for the license; undefined = nothing, the field is not there. */
export type Project = (value: ExactJson) => ExactJson | undefined;

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
  if (isObjectSchema(root)) return objectProjection(root, compile) ?? ((value) => (isExactObject(value) ? {} : undefined));
  if (typesOf(root).has("array")) return arrayProjection(root, compile, "") ?? ((value) => (Array.isArray(value) ? [] : undefined));
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
    return project === undefined ? [] : [{ name, project }];
  });
  if (fields.length === 0) return undefined;
  return (value) => {
    if (!isExactObject(value)) return undefined;
    const out: { [key: string]: ExactJson } = {};
    for (const { name, project } of fields) {
      const found = Object.hasOwn(value, name) ? value[name] : undefined;
      const shown = found === undefined || found === null ? found : project(found);
      if (shown !== undefined) out[name] = shown;
    }
    return out;
  };
}

function arrayProjection(schema: SchemaNode, compile: Compile, name: string): Project | undefined {
  const item = fieldProjection(name, schemaNode(schema["items"]), classOf(schema), compile);
  if (item === undefined) return undefined;
  return (value) => (Array.isArray(value) ? value.map(item).filter((shown) => shown !== undefined) : undefined);
}

function leafProjection(schema: SchemaNode, lgpdClass: LgpdClass | undefined, compile: Compile, name: string): Project | undefined {
  if (lgpdClass === undefined) return undefined;
  const level = effectiveLevel(lgpdClass, compile.levels);
  if (level === "none") return undefined;
  const fits = typeTest(typesOf(schema));
  if (level === "full") return (value) => (fits(value) ? value : undefined);
  const mask = maskFor(lgpdClass, schema, name, compile.refs);
  // dropped whatever it holds: an empty field that stayed would tell that the others are not empty
  if (mask === masks.drop) return undefined;
  return (value) => (fits(value) ? maskValue(value, mask) : undefined);
}

function typeTest(types: ReadonlySet<string>): (value: ExactJson) => boolean {
  return (value) => {
    if (value === null) return true;
    if (typeof value === "string") return types.has("string");
    if (typeof value === "boolean") return types.has("boolean");
    if (!isExactNumber(value)) return false;
    return types.has("number") || (types.has("integer") && /^-?[0-9]+$/.test(value.rawJSON));
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

function maskValue(value: ExactJson, mask: Mask): ExactJson | undefined {
  if (value === null) return null;
  if (typeof value === "string") return mask(value);
  return isExactNumber(value) ? mask(value.rawJSON) : undefined;
}
